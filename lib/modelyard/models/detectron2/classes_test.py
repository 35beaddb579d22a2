"""The mapping from labels to a network's classes."""

import json
from pathlib import Path
from typing import Any

import pytest

from modelyard.annotation import LabelError, LabelSet
from modelyard.models.detectron2.classes import Classes, label_classes
from modelyard.models.detectron2.zoo import open_configuration

FASTER = "COCO-Detection/faster_rcnn_R_50_FPN_3x"
KEYPOINTS = "COCO-Keypoints/keypoint_rcnn_R_50_FPN_3x"
PANOPTIC = "COCO-PanopticSegmentation/panoptic_fpn_R_50_3x"
LVIS = "LVISv1-InstanceSegmentation/mask_rcnn_R_50_FPN_1x"
LABELS = Path("lib/modelyard/annotation/labels")


def classes(config: str, labels: list[dict[str, Any]]) -> Classes:
    return label_classes(open_configuration(config), LabelSet.from_json(labels))


def names(config: str, labels: list[dict[str, Any]]) -> dict[int, str]:
    return {number: label.name for number, label in classes(config, labels).things.items()}


def test_ids_are_the_data_sets_and_names_are_free() -> None:
    """COCO leaves 12 and others out, so its id 13 is the network's twelfth class."""
    labels = [{"name": "stop", "id": 13}, {"name": "toothbrush_", "id": 90}]
    assert names(FASTER, labels) == {11: "stop", 79: "toothbrush_"}


def test_without_ids_names_are_the_data_sets() -> None:
    assert names(FASTER, [{"name": "stop sign"}, {"name": "person"}]) == {
        11: "stop sign",
        0: "person",
    }


def test_a_data_set_without_numbers_goes_by_names() -> None:
    assert names(LVIS, [{"name": "aerosol_can", "id": 77}]) == {0: "aerosol_can"}


@pytest.mark.parametrize(
    ("config", "labels", "things", "stuff"),
    [
        (FASTER, "coco_91", 80, 0),
        ("COCO-InstanceSegmentation/mask_rcnn_R_50_FPN_3x", "coco_91_masks", 80, 0),
        (KEYPOINTS, "coco_person_joints", 1, 0),
        (PANOPTIC, "coco_133_panoptic", 80, 53),
    ],
)
def test_our_label_sets_cover_every_class(
    config: str, labels: str, things: int, stuff: int
) -> None:
    spec = json.loads((LABELS / f"{labels}.json").read_text())
    found = classes(config, spec)
    assert sorted(found.things) == list(range(things))
    assert sorted(found.stuff) == list(range(1, stuff + 1))
    # By name alone they are the same classes.
    for label in spec:
        label.pop("id", None)
    assert classes(config, spec)[:2] == tuple(
        {number: classes(config, spec)[kind][number] for number in part}
        for kind, part in enumerate(found[:2])
    )


def test_stuff_is_numbered_after_the_class_of_all_things() -> None:
    found = classes(PANOPTIC, [{"name": "banner", "id": 92}, {"name": "rug"}])
    assert {number: label.name for number, label in found.stuff.items()} == {1: "banner", 53: "rug"}
    assert found.things == {}


def test_joints_are_the_networks_in_its_order() -> None:
    spec = json.loads((LABELS / "coco_person_joints.json").read_text())
    found = classes(KEYPOINTS, spec)
    assert (len(found.joints), found.joints[0], found.joints[16]) == (17, "nose", "right_ankle")
    assert classes(FASTER, [{"name": "person"}]).joints == ()


def skeleton(joint: str) -> dict[str, Any]:
    circle = (
        '<circle cx="50" cy="50" data-type="element node" data-element-id="1" data-node-id="1" '
        f'data-label-name="{joint}"></circle>'
    )
    return {"name": "person", "type": "skeleton", "svg": circle, "sublabels": [{"name": joint}]}


@pytest.mark.parametrize(
    ("config", "labels", "message"),
    [
        (FASTER, [{"name": "x", "id": 12}], "'x' has the id 12, which the data set does not use"),
        (FASTER, [{"name": "persons"}], r"'persons' is not a class .* did you mean person"),
        (
            FASTER,
            [{"name": "zzzz"}],
            r"'zzzz' is not a class .* there are: person, bicycle, .*\(80\)",
        ),
        (FASTER, [{"name": "a", "id": 1}, {"name": "person"}], "'a' and 'person' are one class"),
        (FASTER, [{"name": "grass", "id": 193}], "'grass' has the id 193"),
        (FASTER, [skeleton("nose")], "the network does not find joints"),
        (KEYPOINTS, [skeleton("tail")], "has the joint 'tail', which the network does not find"),
    ],
)
def test_labels_that_do_not_fit_are_named(
    config: str, labels: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(LabelError, match=message) as caught:
        classes(config, labels)
    assert "\n" not in str(caught.value)


def test_a_configuration_of_an_unknown_data_set_says_so() -> None:
    configuration = open_configuration(FASTER)
    configuration.DATASETS.TEST = configuration.DATASETS.TRAIN = ("nobodys",)
    with pytest.raises(LabelError, match="does not name a data set whose classes detectron2 knows"):
        label_classes(configuration, LabelSet([]))
