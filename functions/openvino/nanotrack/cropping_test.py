"""The square crop around an object."""

import tracemalloc

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanotrack.cropping import crop_square, template_side

RAMP = np.stack(
    np.broadcast_arrays(np.arange(200)[None, :], np.arange(100)[:, None], np.uint8(7)), axis=-1
).astype(np.uint8)


@pytest.mark.parametrize(("size", "side"), [((10, 10), 20), ((30, 10), (50 * 30) ** 0.5)])
def test_the_template_adds_half_the_sum_of_the_sides(
    size: tuple[float, float], side: float
) -> None:
    assert template_side(size) == pytest.approx(side)


def test_unscaled_it_is_the_very_pixels_in_bgr() -> None:
    square = crop_square(RAMP, (60, 40), 16, 16)
    assert square.dtype == np.float32
    expected = RAMP[32:48, 52:68, ::-1].transpose(2, 0, 1)
    np.testing.assert_array_equal(square, expected)


@pytest.mark.parametrize(("center", "side"), [((100, 50), 60), ((57, 43), 30), ((100, 50), 96)])
def test_inside_the_image_it_is_what_resize_gives(center: tuple[int, int], side: int) -> None:
    left, top = center[0] - side // 2, center[1] - side // 2
    part = RAMP[top : top + side, left : left + side]
    expected = cv2.resize(part, (127, 127))[..., ::-1].transpose(2, 0, 1)
    # Resize repeats the outermost pixels of its input, whereas we continue in the image.
    inner = (slice(None), slice(4, -4), slice(4, -4))
    np.testing.assert_allclose(crop_square(RAMP, center, side, 127)[inner], expected[inner], atol=1)


def test_beside_the_image_it_shows_the_mean_colour() -> None:
    square = crop_square(RAMP, (0, 50), 40, 40)
    np.testing.assert_array_equal(square[2, 5:35, :19], np.float32(round(RAMP[..., 0].mean())))
    np.testing.assert_array_equal(square[:, 0, 20:], RAMP[30, :20, ::-1].T)


@given(
    x=st.floats(-1e6, 1e6),
    y=st.floats(-1e6, 1e6),
    side=st.floats(1, 1e5),
)
def test_any_square_can_be_asked_for(x: float, y: float, side: float) -> None:
    square = crop_square(RAMP, (x, y), side, 31)
    assert square.shape == (3, 31, 31)
    assert (square >= 0).all()
    assert (square <= 199).all()


def test_a_huge_square_takes_no_memory_and_a_long_image_is_taken() -> None:
    pixels = np.full((4, 32_768, 3), 9, np.uint8)
    tracemalloc.start()
    try:
        square = crop_square(pixels, (16_000, 2), 130_000, 255)
        assert tracemalloc.get_traced_memory()[1] < 16 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert (square == 9).all()
