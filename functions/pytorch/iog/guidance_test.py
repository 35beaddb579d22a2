"""Crops, clicks and pasting against plain reference code."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iog.guidance import Crop, click_maps, crop_around, outside_points, paste, pixels_of


def test_a_crop_has_thirty_pixels_around_those_of_the_box() -> None:
    assert crop_around((50, 60, 150, 100)) == Crop(20, 30, 160, 100)
    assert crop_around((50.5, 60.2, 149.1, 99.9)) == Crop(20, 30, 160, 100)
    assert crop_around((5, 5, 5.2, 5.2)) == Crop(-25, -25, 61, 61)


def test_points_are_placed_on_the_middles_of_pixels() -> None:
    crop = Crop(20, 30, 256, 128)
    # Pixels are twice as wide and four times as high: the first one's centre is 0.5, 1.5.
    assert crop.place((20.5, 30.5)) == (0.5, 1.5)
    assert crop.place((20, 30)) == (-0.5, -0.5)


@pytest.mark.parametrize("size", [(100, 40), (7, 300), (1, 1), (3000, 2000)])
def test_outside_points_are_those_of_training(size: tuple[int, int]) -> None:
    width, height = size
    mask = np.pad(np.ones((height, width), np.float32), 30)
    scaled = cv2.resize(mask, (512, 512), interpolation=cv2.INTER_LINEAR) > 0.5
    rows, columns = np.flatnonzero(scaled.any(1)), np.flatnonzero(scaled.any(0))
    left, right = max(columns[0] - 10, 0), min(columns[-1] + 10, 512)
    top, bottom = max(rows[0] - 10, 0), min(rows[-1] + 10, 512)

    points = outside_points(crop_around((0, 0, width, height)))
    assert sorted(points) == pytest.approx(
        np.array(sorted([(left, top), (left, bottom), (right, top), (right, bottom)])), abs=1
    )


@given(
    left=st.integers(-80, 60),
    top=st.integers(-80, 60),
    width=st.integers(1, 90),
    height=st.integers(1, 90),
)
@settings(deadline=None, max_examples=25)
def test_crops_are_padded_with_zeros(left: int, top: int, width: int, height: int) -> None:
    pixels = np.random.default_rng(0).integers(1, 256, (40, 50, 3), np.uint8)
    padded = np.pad(pixels, ((100, 200), (100, 200), (0, 0)))
    plain = padded[top + 100 : top + 100 + height, left + 100 : left + 100 + width]
    expected = cv2.resize(plain.astype(np.float32), (512, 512))
    np.testing.assert_array_equal(pixels_of(pixels, Crop(left, top, width, height)), expected)


def test_huge_crops_need_little_memory() -> None:
    pixels = np.full((50, 60, 3), 9, np.uint8)
    shown = pixels_of(pixels, Crop(-(10**5), -(10**5), 3 * 10**5, 3 * 10**5))
    assert shown.shape == (512, 512, 3)


def test_clicks_are_gaussians_of_ten_pixels() -> None:
    maps = click_maps([(100, 50), (103, 50)], [(0, 0)])
    assert maps.shape == (512, 512, 2)
    assert maps[50, 100, 0] == 255
    # Halfway down at 5 pixels' distance: x is the column.
    assert maps[55, 100, 0] == pytest.approx(127.5, abs=0.01)
    assert maps[50, 95, 0] == pytest.approx(127.5, abs=0.01)
    # The nearer click counts; they are not summed.
    assert maps[50, 102, 0] == pytest.approx(255 * 2 ** (-4 / 100), abs=0.01)
    assert maps[0, 5, 1] == pytest.approx(127.5, abs=0.01)
    assert maps[50, 100, 1] == pytest.approx(0, abs=0.01)


def test_no_clicks_are_no_light() -> None:
    assert not click_maps([], []).any()


def test_both_maps_are_stretched_together() -> None:
    maps = click_maps([(100.5, 100.5)], [(300, 300)])
    # The click is between four pixels, so none is exactly at it.
    assert maps[..., 0].max() == pytest.approx(255 * 2 ** (-4 * 0.5 / 100), abs=0.01)
    assert maps[..., 1].max() == 255


def test_probabilities_return_to_their_place() -> None:
    ramp = np.linspace(0, 1, 512, dtype=np.float32)[None].repeat(512, 0)
    pasted = paste(ramp, Crop(-10, 5, 100, 20), (60, 40))
    expected = cv2.resize(ramp, (100, 20), interpolation=cv2.INTER_CUBIC)
    assert pasted.shape == (40, 60)
    np.testing.assert_array_equal(pasted[5:25], expected[:, 10:70])
    assert not pasted[:5].any()
    assert not pasted[25:].any()


def test_what_lies_beyond_the_image_is_dropped() -> None:
    assert not paste(np.ones((512, 512), np.float32), Crop(100, 0, 10, 10), (60, 40)).any()
