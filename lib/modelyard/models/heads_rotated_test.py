"""Rotated boxes of functions without code, from networks whose outputs are known."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.annotation import Rectangle
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.testing.pictures import plain
from modelyard.models.testing.heads import SIZES, detector, in_input, lying

NAMES = ["ship", "plane"]

# Centre as fractions of the image, width and height in pixels of the input, degrees, class, score.
OBJECTS = [
    ((0.5, 0.5), (30, 12), 30.0, 0, 0.95),
    ((0.2, 0.3), (10, 20), -40.0, 1, 0.9),
    ((0.8, 0.3), (16, 8), 90.0, 0, 0.85),
    ((0.2, 0.8), (9, 18), 120.0, 1, 0.8),
    ((0.02, 0.6), (22, 6), 45.0, 1, 0.75),
]


def outputs(form: str, size: tuple[int, int], objects: Any = OBJECTS) -> dict[str, Any]:
    rows = np.zeros((252, 7), np.float32)
    for number, (centre, sides, degrees, kind, score) in enumerate(objects):
        row = rows[9 * number]
        row[:4] = (*in_input(centre, size, "letterbox"), *sides)
        row[6] = math.radians(degrees)
        if form == "end2end":
            row[4:6] = score, kind
        else:
            row[4 + kind] = score
    array = rows[None] if form == "end2end" else np.ascontiguousarray(rows.T)[None]
    return {"output0": array}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("form", ["yolov8", "end2end"])
def test_boxes_are_rotated_around_their_centre(
    tmp_path: Path, form: str, size: tuple[int, int]
) -> None:
    # In a wide or tall picture the long boxes overlap: keep all.
    model = detector(tmp_path, form, outputs(form, size), labels=NAMES, task="obb", nms="none")
    found = model.detect(plain(size), 0.5)
    assert len(found) == 5
    _, _, wide, high = lying(size, "letterbox")
    for shape, (centre, sides, degrees, kind, score) in zip(found, OBJECTS, strict=True):
        assert isinstance(shape, Rectangle)
        assert (shape.label, round(shape.confidence or 0, 3)) == (NAMES[kind], score)
        # The scales of x and y differ by the rounding of the letterbox's short side to pixels.
        slack = abs(wide / size[0] / (high / size[1]) - 1) + 1e-4
        x0, y0, x1, y1 = shape.box
        middle = ((x0 + x1) / 2, (y0 + y1) / 2)
        np.testing.assert_allclose(middle, np.array(centre) * size, atol=max(size) * 1e-4)
        factor = max(size[0] / wide, size[1] / high)
        np.testing.assert_allclose((x1 - x0, y1 - y0), np.array(sides) * factor, rtol=slack)
        assert (shape.rotation - degrees + 180) % 360 - 180 == pytest.approx(
            0, abs=math.degrees(slack)
        )


def test_a_stretched_box_has_the_rotation_of_its_stretched_axis(tmp_path: Path) -> None:
    """The image is twice as wide and four times as high as the input."""
    turned = [((0.5, 0.5), (40, 10), 45.0, 0, 0.9), ((0.5, 0.1), (20, 8), 90.0, 0, 0.8)]
    rows = outputs("yolov8", (128, 96), turned)
    model = detector(tmp_path, "yolov8", rows, labels=NAMES, task="obb", resize="stretch")
    first, second = model.detect(plain((256, 384)), 0.5)
    assert isinstance(first, Rectangle)
    assert isinstance(second, Rectangle)
    # (cos 45, sin 45) becomes (2 cos 45, 4 sin 45): sqrt(10) times as long.
    assert first.rotation == pytest.approx(math.degrees(math.atan2(4, 2)), abs=1e-3)
    assert first.box[2] - first.box[0] == pytest.approx(40 * math.sqrt(10), rel=1e-4)
    assert (first.box[0] + first.box[2]) / 2 == pytest.approx(128)
    # Its width lies along y, which is four times as long; its height along x.
    assert second.rotation == pytest.approx(90)
    assert second.box[2] - second.box[0] == pytest.approx(80)
    assert second.box[3] - second.box[1] == pytest.approx(16)


def test_only_boxes_that_lie_alike_suppress_each_other(tmp_path: Path) -> None:
    pair = [
        ((0.5, 0.5), (60, 10), 0.0, 0, 0.9),
        ((0.5, 0.5), (60, 10), 2.0, 0, 0.8),
        ((0.5, 0.5), (60, 10), 90.0, 0, 0.7),
        ((0.5, 0.5), (60, 10), 1.0, 1, 0.6),
    ]
    planted = outputs("yolov8", (128, 96), pair)
    model = detector(tmp_path, "yolov8", planted, labels=NAMES, task="obb")
    found = model.detect(plain((128, 96)), 0.5)
    assert [(shape.label, round(shape.confidence or 0, 2)) for shape in found] == [
        ("ship", 0.9),
        ("ship", 0.7),
        ("plane", 0.6),
    ]


@pytest.mark.parametrize(
    ("form", "shape", "message"),
    [
        ("end2end", (1, 9, 6), "has 6 values a box, but task 'obb' needs 7"),
        ("yolov8", (1, 5, 252), "task 'obb' needs 4, at least one class, and 1 more"),
        ("detr", (1, 9, 6), "not 'obb'"),
        ("end2end", (9, 7), "with task 'detect', not 'obb'"),
    ],
)
def test_what_has_no_rotation_is_refused(
    tmp_path: Path, form: str, shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(HeadError, match=message):
        detector(tmp_path, form, {"output0": np.zeros(shape, np.float32)}, labels=NAMES, task="obb")
