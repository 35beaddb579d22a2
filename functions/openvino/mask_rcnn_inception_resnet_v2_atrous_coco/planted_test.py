"""The detector with a network that has planted outputs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mask_rcnn_inception_resnet_v2_atrous_coco.handler import MaskRcnn
from modelyard import Device, Image, LabelSet, Mask
from modelyard.annotation import encode_detections
from modelyard.imaging import fill
from modelyard.inference.testing.pictures import red, whole
from modelyard.inference.testing.properties import Thing, assert_follows_the_image
from modelyard.inference.testing.tf_detection import Planted, plant_detections
from modelyard.serving.testing.assets import planted_assets

LABELS: list[dict[str, Any]] = [
    {"id": 3, "name": "car", "type": "mask"},
    {"id": 1, "name": "person", "type": "mask"},
]
SIZES = [(64, 64), (640, 32), (32, 640), (8, 8)]
FULL = np.ones((33, 33), np.float32)
LEFT = FULL * (np.arange(33) < 17)
"""1 in the left half, up to the middle between the cells 16 and 17."""

# In the middle and at each border, extending beyond it or ending there.
BOXES = [
    (0.25, 0.5, 0.75, 0.875),
    (-0.125, 0.25, 0.125, 0.5),
    (0.75, 0.25, 1.0, 0.5),
    (0.25, -0.25, 0.5, 0.25),
    (0.25, 0.75, 0.5, 1.0),
    (0.5, 0.5, 1.25, 1.25),
]


def planted(folder: Path, objects: Sequence[Planted]) -> MaskRcnn:
    name = "mask_rcnn_inception_resnet_v2_atrous_coco"
    plant_detections(folder / "weights" / f"{name}.xml", objects)
    model = MaskRcnn()
    model.load(planted_assets(folder, f"{name}.handler", labels=LABELS), Device())
    return model


def full(*boxes: tuple[float, ...]) -> list[Planted]:
    return [
        Planted((box[0], box[1], box[2], box[3]), 3, 0.9 - number / 100, FULL)
        for number, box in enumerate(boxes)
    ]


@pytest.mark.parametrize("size", SIZES)
def test_full_masks_are_their_boxes_to_the_pixel(tmp_path: Path, size: tuple[int, int]) -> None:
    found = planted(tmp_path, full(*BOXES)).detect(red(size), 0.5)
    assert len(found) == len(BOXES)
    for shape, box in zip(found, BOXES, strict=True):
        # These fractions are on pixel edges.
        left, top, right, bottom = (
            int(min(max(edge, 0), 1) * side) for edge, side in zip(box, size * 2, strict=True)
        )
        expected = np.zeros(size[::-1], bool)
        expected[top:bottom, left:right] = True
        np.testing.assert_array_equal(whole(shape, size), expected)
        assert shape.polygon is not None
        corners = {*zip(shape.polygon[::2], shape.polygon[1::2], strict=True)}
        assert corners == {(x, y) for x in (left, right) for y in (top, bottom)}


def test_the_mask_and_its_outline_are_the_same_pixels(tmp_path: Path) -> None:
    """Upstream's outline was half a pixel outside its mask."""
    disc = np.hypot(*(np.indices((33, 33)) - 16)) < 14
    item = Planted((0.25, 0.25, 0.75, 0.75), 1, 0.9, disc.astype(np.float32))
    (shape,) = planted(tmp_path, [item]).detect(red((300, 200)), 0.5)
    outlined = fill(np.array(shape.polygon), (300, 200))
    drawn = whole(shape, (300, 200))
    assert (outlined ^ drawn).sum() <= 0.02 * drawn.sum()


def test_of_several_parts_the_largest_is_outlined(tmp_path: Path) -> None:
    """Upstream outlined the first part it found."""
    parts = np.zeros((33, 33), np.float32)
    parts[1:4, 1:4] = 1
    parts[10:30, 10:30] = 1
    (shape,) = planted(tmp_path, [Planted((0, 0, 1, 1), 1, 0.9, parts)]).detect(
        red((330, 330)), 0.5
    )
    assert shape.polygon is not None
    assert min(shape.polygon) > 90
    assert whole(shape, (330, 330))[20, 20]


def test_an_empty_mask_is_left_out(tmp_path: Path) -> None:
    """Upstream raised, and the whole image was lost."""
    empty = Planted((0.25, 0.25, 0.75, 0.75), 3, 0.95, FULL * 0.3)
    found = planted(tmp_path, [empty, *full(BOXES[0])]).detect(red((40, 40)), 0.5)
    assert len(found) == 1


def test_the_threshold_holds_down_to_its_default(tmp_path: Path) -> None:
    items = [item._replace(score=score) for item, score in zip(full(*BOXES), SCORES, strict=True)]
    model = planted(tmp_path, items)
    assert model.default_threshold == 0.2
    assert [len(model.detect(red((40, 40)), t)) for t in (0.2, 0.25, 0.55, 1.0)] == [5, 4, 1, 0]


SCORES = (0.6, 0.5, 0.4, 0.3, 0.21, 0.19)


def test_the_network_is_shown_rgb(tmp_path: Path) -> None:
    """Upstream fed RGB to a network that was converted for BGR."""
    model = planted(tmp_path, full(*BOXES))
    assert model.detect(Image.from_pixels(red((30, 20)).pixels[..., ::-1]), 0.5) == []


def test_a_mirrored_object_gives_a_mirrored_mask(tmp_path: Path) -> None:
    item = Planted((0.25, 0.25, 0.5, 0.75), 1, 0.9, LEFT)
    mirrored = Planted((0.5, 0.25, 0.75, 0.75), 1, 0.9, LEFT[:, ::-1])
    size = (264, 100)
    (shape,) = planted(tmp_path / "a", [item]).detect(red(size), 0.5)
    (other,) = planted(tmp_path / "b", [mirrored]).detect(red(size), 0.5)
    np.testing.assert_array_equal(whole(other, size), whole(shape, size)[:, ::-1])
    # Cells are 2 pixels wide; the probability falls to a half at the end of the 17th.
    assert (shape.left, shape.bitmap.shape[1]) == (66, 34)


def look(folder: Path, things: Sequence[Thing], size: tuple[int, int]) -> list[Mask]:
    items = [Planted(box, LABELS[kind]["id"], score, FULL) for box, kind, score in things]
    return planted(folder, items).detect(red(size), 0.3)


def test_masks_follow_the_image() -> None:
    # Accurate to the pixel that contains the border.
    assert_follows_the_image(look, kinds=len(LABELS), slack=1)


def test_the_order_of_the_objects_changes_nothing(tmp_path: Path) -> None:
    size = (64, 64)
    first, second = (
        planted(tmp_path / name, items).detect(red(size), 0.5)
        for name, items in (("a", full(*BOXES)), ("b", full(*BOXES)[::-1]))
    )
    for shape, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(whole(shape, size), whole(other, size))


@pytest.mark.parametrize("size", [*SIZES, (1, 1), (3, 200)])
def test_cvat_can_read_what_is_found(tmp_path: Path, size: tuple[int, int]) -> None:
    found: list[Any] = planted(tmp_path, full(*BOXES)).detect(red(size), 0.5)
    assert encode_detections(found, LabelSet.from_json(LABELS), size)
