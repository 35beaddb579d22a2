"""Re-identification with real weights: made-up scenes, and people in a video."""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from modelyard import Assets, Device, Image, ReidBox
from modelyard.inference.boxes import iou_matrix
from modelyard.inference.networks.ssd import CocoSsdNetwork
from person_reid.handler import PersonReid
from samples import Asker, assets_named_by, photograph, video_frames


@pytest.fixture(scope="module")
def assets() -> Assets:
    return assets_named_by("MODELYARD_TEST_ASSETS")


@pytest.fixture(scope="module")
def model(assets: Assets) -> PersonReid:
    model = PersonReid()
    model.load(assets, Device())
    return model


# Dissimilar parts of photographs: the astronaut's face, a cat's, a cup.
PARTS = {
    "face": photograph("astronaut.png").pixels[60:188, 190:254],
    "cat": photograph("chelsea.png").pixels[60:188, 180:244],
    "cup": photograph("coffee.png").pixels[60:188, 240:304],
}
FAR = 10_000.0


def scene(**places: tuple[int, int]) -> tuple[Image, list[ReidBox]]:
    """A grey image with parts of photographs at these positions, and their boxes in that order."""
    pixels = np.full((400, 600, 3), 110, np.uint8)
    boxes = []
    for name, (x, y) in places.items():
        pixels[y : y + 128, x : x + 64] = PARTS[name]
        boxes.append(ReidBox((x, y, x + 64, y + 128), 1))
    return Image.from_pixels(pixels), boxes


def test_things_are_found_by_what_they_look_like(model: PersonReid) -> None:
    first, boxes0 = scene(face=(0, 0), cat=(100, 100), cup=(200, 200))
    second, boxes1 = scene(cup=(10, 20), face=(300, 200), cat=(500, 10))
    assert model.match(first, second, boxes0, boxes1, 0.4, FAR) == [1, 2, 0]
    assert model.match(second, first, boxes1, boxes0, 0.4, FAR) == [2, 0, 1]


def test_who_has_gone_has_no_partner_and_who_comes_is_nobodys(model: PersonReid) -> None:
    first, boxes0 = scene(face=(0, 0), cat=(100, 100))
    second, boxes1 = scene(cup=(0, 0), cat=(110, 105))
    assert model.match(first, second, boxes0, boxes1, 0.4, FAR) == [-1, 1]


def test_beyond_the_distance_nobody_is_looked_for(model: PersonReid) -> None:
    first, boxes0 = scene(face=(0, 0))
    second, boxes1 = scene(face=(30, 40))
    assert model.match(first, second, boxes0, boxes1, 0.4, 50.0) == [0]
    assert model.match(first, second, boxes0, boxes1, 0.4, 49.9) == [-1]


def test_at_threshold_zero_only_the_very_same_is_found(model: PersonReid) -> None:
    first, boxes0 = scene(face=(0, 0))
    assert model.match(first, first, boxes0, boxes0, 1e-6, FAR) == [0]
    second, boxes1 = scene(cup=(0, 0))
    assert model.match(first, second, boxes0, boxes1, 0.2, FAR) == [-1]
    assert model.match(first, second, boxes0, boxes1, 2.0, FAR) == [0]


def test_each_box_is_looked_at_once_and_only_where_it_matters(
    model: PersonReid, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    infer = model._session.infer

    def counting(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        seen.append(len(inputs["images"]))
        return infer(inputs)

    monkeypatch.setattr(model._session, "infer", counting)
    first, boxes0 = scene(face=(0, 0), cat=(100, 100), cup=(300, 200))
    lonely = ReidBox((500, 300, 520, 340), 1)
    matches = model.match(first, first, [*boxes0, lonely], boxes0 * 7, 0.4, 150.0)
    # Three boxes of the first image; the 21 of the second in two batches.
    assert seen == [3, 16, 5]
    assert len(set(matches) - {-1}) == 3
    assert matches[3] == -1


@pytest.mark.parametrize(
    "box",
    [
        (-50, -50, -10, -10),
        (700, 10, 800, 50),
        (100, 100, 100, 150),
        (150, 150, 100, 100),
        (-1e9, 0, -1e8, 100),
    ],
)
def test_a_box_that_shows_nothing_has_no_partner(
    model: PersonReid, box: tuple[float, float, float, float]
) -> None:
    first, boxes0 = scene(face=(0, 0))
    assert model.match(first, first, [ReidBox(box, 1)], boxes0, 2.0, 1e12) == [-1]
    assert model.match(first, first, boxes0, [ReidBox(box, 1)], 2.0, 1e12) == [-1]


def test_boxes_across_the_border_and_tiny_ones_are_taken(model: PersonReid) -> None:
    first, boxes0 = scene(face=(0, 0))
    across = ReidBox((-30, -20, 64, 128), 1)
    tiny = ReidBox((300.2, 300.4, 300.6, 300.9), 1)
    assert model.match(first, first, [across, tiny], boxes0, 0.4, FAR)[0] == 0


def test_the_embedding_of_a_box_is_the_same_in_any_company(model: PersonReid) -> None:
    image, boxes = scene(face=(0, 0), cat=(100, 100), cup=(200, 200))
    every = model._embed(image, boxes, np.ones(3, bool))
    alone = model._embed(image, boxes[1:2], np.ones(1, bool))
    np.testing.assert_allclose(every[1], alone[0], rtol=1e-3, atol=1e-4)
    assert every.shape == (3, 1280)
    assert (every >= 0).all()
    assert (every <= 6).all()


# --- On the video ---------------------------------------------------------------------------------

FRAMES = range(80, 121, 2)


@pytest.fixture(scope="module")
def people() -> list[tuple[Image, np.ndarray]]:
    """Frames, and the boxes [N, 4] of the people that the detector sees in them."""
    detected = assets_named_by("MODELYARD_TEST_ASSETS_DETECTOR")
    detector = CocoSsdNetwork(detected.weights("coco_ssd.xml"), detected.labels, Device())
    seen = []
    for image in video_frames(FRAMES):
        boxes = np.array(
            [shape.box for shape in detector.find(image, 0.5) if shape.label == "person"]
        )
        # Boxes around several people are not a person.
        seen.append((image, boxes[boxes[:, 2] - boxes[:, 0] < 100]))
    return seen


def same_people(first: np.ndarray, second: np.ndarray) -> dict[int, int]:
    """Certain identities: boxes two frames apart that overlap each other and no other box."""
    overlaps = iou_matrix(first, second)
    sure = {}
    for row, column in enumerate(overlaps.argmax(axis=1)):
        rivals = np.concatenate(
            [np.delete(overlaps[row], column), np.delete(overlaps[:, column], row)]
        )
        if overlaps[row, column] > 0.6 and rivals.max(initial=0) < 0.1:
            sure[row] = int(column)
    return sure


def test_people_are_found_again_in_the_next_frame(
    model: PersonReid, people: list[tuple[Image, np.ndarray]]
) -> None:
    right = wrong = missed = 0
    for (image0, boxes0), (image1, boxes1) in pairwise(people):
        matches = model.match(
            image0,
            image1,
            [ReidBox(tuple(box), 1) for box in boxes0],
            [ReidBox(tuple(box), 1) for box in boxes1],
            model.default_threshold,
            model.default_max_distance,
        )
        assert len(matches) == len(boxes0)
        for row, column in same_people(boxes0, boxes1).items():
            right += matches[row] == column
            missed += matches[row] == -1
            wrong += matches[row] not in (-1, column)
    print(right, wrong, missed)
    assert right >= 50
    assert right >= 0.9 * (right + wrong + missed)
    assert wrong <= 0.03 * (right + wrong + missed)


# --- CVAT's requests ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def function(assets: Assets) -> Asker:
    assert assets.model == "person_reid.handler"
    return Asker(assets)


def cvat_shape(box: ReidBox, **fields: Any) -> dict[str, Any]:
    """A rectangle with all fields that CVAT sends."""
    return {
        "type": "rectangle",
        "label_id": box.label_id,
        "points": list(box.box),
        "frame": 3,
        "group": None,
        "source": "manual",
        "occluded": False,
        "z_order": 0,
        "rotation": 0.0,
        "attributes": [],
        "id": 17,
        "path_id": 2,
        **fields,
    }


def request(**fields: Any) -> dict[str, Any]:
    first, boxes0 = scene(face=(0, 0), cat=(100, 100))
    second, boxes1 = scene(cat=(110, 105), face=(10, 20))
    return {
        "image0": first,
        "image1": second,
        "boxes0": [cvat_shape(box) for box in boxes0],
        "boxes1": [cvat_shape(box) for box in boxes1],
        **fields,
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [1, 0]),
        ({"threshold": 0.5, "max_distance": 50}, [1, 0]),
        ({"threshold": "0.5", "max_distance": 20}, [-1, 0]),
        ({"max_distance": 0}, [-1, -1]),
        ({"threshold": 0.001}, [1, 0]),
        ({"boxes1": []}, [-1, -1]),
        ({"boxes0": []}, []),
    ],
)
def test_cvats_request_is_answered(
    function: Asker, fields: dict[str, Any], expected: list[int]
) -> None:
    assert function.answer(**request(**fields)) == expected


def test_labels_are_kept_apart(function: Asker) -> None:
    fields = request()
    for shape in fields["boxes0"]:
        shape["label_id"] = 2
    assert function.answer(**fields) == [-1, -1]


@pytest.mark.parametrize(
    "fields", [{"threshold": 3}, {"max_distance": -1}, {"boxes0": [{"points": [1, 2]}]}]
)
def test_nonsense_is_the_clients_fault(function: Asker, fields: dict[str, Any]) -> None:
    reply = function.ask(**request(**fields))
    assert reply.status == 400
    assert list(json.loads(reply.body)) == ["error"]
