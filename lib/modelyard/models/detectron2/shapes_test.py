"""Shapes of outputs written by hand."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
import torch

from modelyard.annotation import Keypoint, Label, Mask, Rectangle, Skeleton
from modelyard.models.detectron2.classes import Classes
from modelyard.models.detectron2.importing import Boxes, Instances
from modelyard.models.detectron2.shapes import instance_shapes, panoptic_shapes

JOINTS = ("nose", "tail")


def instances(*, masks: bool = False, joints: bool = False) -> Instances:
    """Two objects of classes 0 and 1 in an image of 8x6, the second with a better score."""
    fields = {
        "pred_boxes": Boxes(torch.tensor([[1.0, 1, 4, 3], [2, 0, 7, 5]])),
        "scores": torch.tensor([0.25, 0.75]),
        "pred_classes": torch.tensor([0, 1]),
    }
    if masks:
        fields["pred_masks"] = torch.zeros(2, 6, 8, dtype=torch.bool)
        fields["pred_masks"][0, 1:3, 1:4] = True
        fields["pred_masks"][1, 0:5, 2:7] = True
    if joints:
        fields["pred_keypoints"] = torch.tensor(
            [[[1.5, 2, 0.9], [3, 2.5, 0.01]], [[4, 1, 0.5], [6, 4, 0.06]]]
        )
    return Instances((6, 8), **fields)


def classes(kind: str = "any", *, joints: tuple[str, ...] = ()) -> Classes:
    names = ("cat", "dog")
    return Classes({n: _label(name, kind) for n, name in enumerate(names)}, {}, joints)


def _label(name: str, kind: str, joints: tuple[str, ...] = JOINTS) -> Label:
    if kind != "skeleton":
        return Label(name, type=kind)  # type: ignore[arg-type]
    return Label(name, type="skeleton", sublabels=tuple(map(Label, joints)), svg="<svg>")


def test_boxes_best_first() -> None:
    assert list(instance_shapes(instances(), classes())) == [
        Rectangle("dog", (2, 0, 7, 5), confidence=0.75),
        Rectangle("cat", (1, 1, 4, 3), confidence=0.25),
    ]


@pytest.mark.parametrize("kind", ["any", "mask", "polygon"])
def test_masks_as_crops_with_outlines(kind: str) -> None:
    dog, cat = instance_shapes(instances(masks=True), classes(kind))
    assert isinstance(dog, Mask)
    assert isinstance(cat, Mask)
    assert (cat.label, cat.left, cat.top, cat.bitmap.shape) == ("cat", 1, 1, (2, 3))
    assert cat.bitmap.all()
    corners = np.array(cat.polygon).reshape(-1, 2)
    assert {*map(tuple, corners.tolist())} == {(1, 1), (4, 1), (4, 3), (1, 3)}
    assert (dog.confidence, dog.left, dog.top) == (0.75, 2, 0)


def test_a_label_of_rectangles_gets_boxes_though_there_are_masks() -> None:
    found = list(instance_shapes(instances(masks=True), classes("rectangle")))
    assert [shape.kind for shape in found] == ["rectangle", "rectangle"]


def test_an_empty_mask_is_no_shape() -> None:
    answer = instances(masks=True)
    answer.pred_masks[1] = False
    assert [shape.label for shape in instance_shapes(answer, classes())] == ["cat"]


def test_joints_that_would_not_be_drawn_are_outside() -> None:
    dog, cat = instance_shapes(instances(joints=True), classes("skeleton", joints=JOINTS))
    assert dog == Skeleton(
        "dog", (Keypoint("nose", (4, 1)), Keypoint("tail", (6, 4))), confidence=0.75
    )
    assert isinstance(cat, Skeleton)
    assert [joint.outside for joint in cat.elements] == [False, True]


def test_joints_without_a_sublabel_are_left_out() -> None:
    label = _label("cat", "skeleton", ("tail",))
    (cat,) = instance_shapes(instances(joints=True), Classes({0: label}, {}, JOINTS))
    assert isinstance(cat, Skeleton)
    assert [joint.label for joint in cat.elements] == ["tail"]


def test_classes_without_a_label_are_left_out() -> None:
    only = Classes({0: Label("cat")}, {}, ())
    assert [shape.label for shape in instance_shapes(instances(), only)] == ["cat"]


def panoptic(known: Classes) -> Iterator[tuple[str, int, float | None]]:
    segments = np.zeros((6, 8), np.int32)
    segments[:, :3], segments[:, 5:] = 1, 2
    described: list[Mapping[str, Any]] = [
        {"id": 1, "isthing": True, "score": 0.5, "category_id": 1},
        {"id": 2, "isthing": False, "category_id": 1, "area": 18},
        {"id": 3, "isthing": False, "category_id": 2, "area": 0},
    ]
    for shape in panoptic_shapes(segments, described, known):
        assert isinstance(shape, Mask)
        yield shape.label, shape.left, shape.confidence


def test_segments_of_things_have_scores_and_of_stuff_none() -> None:
    known = Classes({1: Label("dog")}, {1: Label("sky"), 2: Label("sea")}, ())
    assert list(panoptic(known)) == [("dog", 0, 0.5), ("sky", 5, None)]
    assert list(panoptic(Classes({}, {1: Label("sky")}, ()))) == [("sky", 5, None)]
