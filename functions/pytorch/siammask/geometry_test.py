"""The square crops around a target."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siammask.geometry import Target, cut, exemplar_side, search_side


def test_the_sides_are_those_of_the_paper() -> None:
    # A context of half of width plus height on both sides: (30 + 35)(40 + 35) = 4875.
    target = Target(0, 0, 30, 40)
    assert exemplar_side(target) == pytest.approx(4875**0.5)
    assert search_side(target) == pytest.approx(4875**0.5 * 255 / 127)


def plainly(pixels: np.ndarray, x: float, y: float, side: int, padding: tuple[int, ...]) -> object:
    """The square from an image with far more padding than needed."""
    rim = 300
    padded = np.empty((pixels.shape[0] + 2 * rim, pixels.shape[1] + 2 * rim, 3), np.uint8)
    padded[:] = padding
    padded[rim:-rim, rim:-rim] = pixels
    left, top = round(x - (side + 1) / 2) + rim, round(y - (side + 1) / 2) + rim
    return padded[top : top + side, left : left + side].tolist()


@given(
    x=st.floats(-60, 100), y=st.floats(-60, 100), side=st.integers(1, 90), seed=st.integers(0, 9)
)
@settings(deadline=None)
def test_squares_are_padded_with_the_colour(x: float, y: float, side: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (40, 30, 3), np.uint8)
    square = cut(pixels, (x, y), side, side, (1.9, 2.0, 3.5))
    assert square.tolist() == plainly(pixels, x, y, side, (1, 2, 3))


def test_squares_are_scaled() -> None:
    pixels = np.zeros((20, 20, 3), np.uint8)
    pixels[:, 10:] = 200
    square = cut(pixels, (10.5, 10.5), 20, 10, (0, 0, 0))
    assert square.shape == (10, 10, 3)
    assert square[5, :, 0].tolist() == [0] * 5 + [200] * 5


def test_half_pixels_go_to_the_even_one() -> None:
    pixels = np.arange(10, dtype=np.uint8)[None, :, None].repeat(10, 0).repeat(3, 2)
    # 3.5 - 1 = 2.5 rounds to 2, 4.5 - 1 = 3.5 to 4.
    assert cut(pixels, (3.5, 5), 1, 1, (0, 0, 0))[0, 0, 0] == 2
    assert cut(pixels, (4.5, 5), 1, 1, (0, 0, 0))[0, 0, 0] == 4


def test_huge_squares_need_little_memory() -> None:
    pixels = np.full((100, 100, 3), 9, np.uint8)
    square = cut(pixels, (50, 50), 10**6, 255, (7, 7, 7))
    assert square.shape == (255, 255, 3)
    assert set(np.unique(square)) <= {7, 8, 9}
