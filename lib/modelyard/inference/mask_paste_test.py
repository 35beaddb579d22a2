"""Pasted masks compared with the formula, pixel by pixel."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from modelyard.imaging import Crop
from modelyard.inference.mask_paste import paste

SIZE = (12, 9)

# Eighths and few values: nothing is so close to the threshold that rounding decides.
edge = st.integers(-24, 120).map(lambda n: n / 8)
masks = st.lists(
    st.lists(st.sampled_from([0.0, 1.0]), min_size=4, max_size=4), min_size=3, max_size=3
)


def whole(part: Crop | None, size: tuple[int, int] = SIZE) -> NDArray[np.bool_]:
    image = np.zeros(size[::-1], bool)
    if part is not None:
        height, width = part.bitmap.shape
        image[part.top : part.top + height, part.left : part.left + width] = part.bitmap
    return image


def at(mask: NDArray[Any], y: float, x: float) -> float:
    y, x = (min(max(v, 0), n - 1) for v, n in zip((y, x), mask.shape, strict=True))
    r, c = min(int(y), mask.shape[0] - 2), min(int(x), mask.shape[1] - 2)
    (a, b), (d, e) = mask[r : r + 2, c : c + 2]
    upper, lower = a + (b - a) * (x - c), d + (e - d) * (x - c)
    return float(upper + (lower - upper) * (y - r))


@given(masks, edge, edge, edge, edge)
def test_every_pixel_is_that_of_the_formula(
    rows: Any, x0: float, y0: float, x1: float, y1: float
) -> None:
    mask = np.array(rows)
    expected = np.zeros(SIZE[::-1], bool)
    for row in range(SIZE[1]):
        for column in range(SIZE[0]):
            x, y = column + 0.5, row + 0.5
            if x0 <= x < x1 and y0 <= y < y1:
                chance = at(mask, (y - y0) / (y1 - y0) * 3 - 0.5, (x - x0) / (x1 - x0) * 4 - 0.5)
                expected[row, column] = chance > 0.47
    np.testing.assert_array_equal(whole(paste(mask, (x0, y0, x1, y1), SIZE, 0.47)), expected)


def test_a_full_mask_is_its_box_to_the_pixel() -> None:
    full = np.ones((33, 33), np.float32)
    part = paste(full, (2, 3, 7, 9), SIZE)
    assert part is not None
    assert (part.left, part.top, part.bitmap.shape) == (2, 3, (6, 5))
    assert part.bitmap.all()


@pytest.mark.parametrize(
    "box",
    [(6, 4, 12, 9), (0, 0, 12, 9), (-5, -5, 3, 3), (9, 7, 20, 20), (0, 8, 12, 9), (11, 0, 12, 9)],
)
def test_a_box_at_the_border_of_the_image_fits(box: tuple[float, ...]) -> None:
    """Upstream raised on a box that ended at the right or bottom border."""
    left, top, right, bottom = box
    expected = np.zeros(SIZE[::-1], bool)
    expected[max(0, int(top)) : int(bottom), max(0, int(left)) : int(right)] = True
    pasted = whole(paste(np.ones((33, 33)), (left, top, right, bottom), SIZE))
    np.testing.assert_array_equal(pasted, expected)


@pytest.mark.parametrize(
    "box", [(20, 0, 25, 5), (-5, 0, -1, 5), (3.6, 1, 4.4, 5), (5, 5, 5, 8), (8, 2, 3, 6)]
)
def test_no_pixel_is_no_mask(box: tuple[float, float, float, float]) -> None:
    assert paste(np.ones((3, 3)), box, SIZE) is None


def test_an_empty_mask_is_none() -> None:
    """Upstream raised when there was nothing to outline."""
    assert paste(np.full((33, 33), 0.4), (1, 1, 8, 8), SIZE) is None


def test_the_outline_lies_in_the_middle_between_cells() -> None:
    """Upstream's outline, traced on a map of 0 and 255, was half a pixel too far out."""
    half = np.repeat([[1.0, 0.0]], 2, axis=0)
    part = paste(half, (0, 0, 8, 8), SIZE)
    assert part is not None
    assert (part.left, part.bitmap.shape) == (0, (8, 4))


@given(masks, st.integers(0, 6), st.integers(0, 4))
def test_a_mirrored_mask_is_mirrored_pixels(rows: Any, left: int, top: int) -> None:
    mask = np.array(rows)
    box, mirrored = (left, top, left + 5, top + 4), (12 - left - 5, top, 12 - left, top + 4)
    pasted = whole(paste(mask, box, SIZE, 0.47))
    np.testing.assert_array_equal(
        whole(paste(mask[:, ::-1], mirrored, SIZE, 0.47)), pasted[:, ::-1]
    )
