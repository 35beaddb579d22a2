"""Masks pasted into the image."""

import cv2
import numpy as np
import pytest

from siammask.geometry import Target
from siammask.pasting import Square, mask_square, paste, turned_box

TARGET = Target(30, 20, 12, 8)


def test_where_a_mask_lies() -> None:
    # The middle position is 12, 12: 8 positions of 8 pixels from the search image's corner of 255.
    square = mask_square((100, 50), 510, 12, 12)
    assert square == pytest.approx((100 - 255 + 8 * 8 * 2, 50 - 255 + 8 * 8 * 2, 127 * 2))
    right = mask_square((100, 50), 510, 12, 13)
    assert right.left - square.left == pytest.approx(16)
    assert right.top == square.top


def test_a_full_mask_covers_its_square_and_nothing_else() -> None:
    pasted = paste(np.ones((127, 127), np.float32), Square(20, 10, 50.8), (100, 80))
    rows, columns = np.flatnonzero(pasted.any(1)), np.flatnonzero(pasted.any(0))
    assert pasted.shape == (80, 100)
    assert abs(columns[0] - 20) <= 1
    assert abs(columns[-1] - 70) <= 1
    assert abs(rows[0] - 10) <= 1
    assert abs(rows[-1] - 60) <= 1
    assert pasted[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()


def test_a_pasted_mask_is_sampled_bilinearly_at_the_threshold() -> None:
    mask = np.random.default_rng(0).random((127, 127), np.float32)
    square = Square(-12.3, 4.5, 60)
    size = (64, 48)
    pasted = paste(mask, square, size)
    scale = 127 / 60
    differing = 0
    for y, x in np.ndindex(48, 64):
        # OpenCV maps the ends of the extent to the centres of the first and the last pixel.
        column = (x / (63 / (64 * scale))) - square.left * scale
        row = (y / (47 / (48 * scale))) - square.top * scale
        left, top = int(np.floor(column)), int(np.floor(row))
        right, down = column - left, row - top
        value = 0.0
        for dy, wy in ((0, 1 - down), (1, down)):
            for dx, wx in ((0, 1 - right), (1, right)):
                inside = 0 <= top + dy < 127 and 0 <= left + dx < 127
                value += wy * wx * (float(mask[top + dy, left + dx]) if inside else -1)
        differing += bool(pasted[y, x]) != (value > 0.35)
    # OpenCV rounds positions to 1/32 of a pixel.
    assert differing < 0.02 * pasted.size


@pytest.mark.parametrize(
    "square",
    [
        Square(12.4, 7.9, 33.3),
        Square(-40.2, 30.5, 90),
        Square(60.7, -25.1, 71.9),
        Square(-100, -80, 400),
        Square(98.9, 78.9, 20),
        Square(500, 10, 50),
        Square(10, -90, 50),
    ],
)
def test_only_what_a_mask_reaches_is_computed_and_nothing_is_lost(square: Square) -> None:
    mask = np.random.default_rng(1).random((127, 127), np.float32)
    width, height = 100, 80
    across, down = ((length - 1) / length * square.side / 127 for length in (width, height))
    shift = 127 / square.side
    mapping = np.array(
        [(across, 0, across * square.left * shift), (0, down, down * square.top * shift)]
    )
    every = cv2.warpAffine(mask, mapping, (width, height), borderValue=-1) > 0.35
    assert np.array_equal(paste(mask, square, (width, height)), every)


def test_the_rectangle_around_a_turned_mask() -> None:
    canvas = np.zeros((120, 160), np.uint8)
    corners = cv2.boxPoints(((80, 60), (70, 24), 30))
    cv2.fillPoly(canvas, [np.round(corners).astype(np.int32)], 1)
    canvas[:4, :4] = 1
    (x, y, width, height), degrees = turned_box(canvas.astype(bool), TARGET)
    assert (x, y) == pytest.approx((80, 60), abs=1.5)
    assert sorted((width, height)) == pytest.approx([24, 70], abs=2)
    long_side = degrees if width > height else degrees + 90
    assert long_side % 180 == pytest.approx(30, abs=2)


@pytest.mark.parametrize("side", [0, 10])
def test_small_masks_leave_the_box(side: int) -> None:
    bitmap = np.zeros((50, 60), bool)
    # The outline runs through the pixel centres: 9x9.
    bitmap[5 : 5 + side, 5 : 5 + side] = True
    assert turned_box(bitmap, TARGET) == (TARGET, 0)
