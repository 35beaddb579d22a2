"""Anchors, crops and the mapping to the network's input and back, computed by hand."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import transform

from mask_rcnn_matterport.anchors import anchors, of_map
from mask_rcnn_matterport.crops import crop_and_resize, pyramid_crops
from mask_rcnn_matterport.molding import MEAN, Mold, normalised, resize_mask

scale_by_author: Any = transform.resize


def test_anchors_by_hand() -> None:
    """Stride 4: an area of 32x32; width by height is 0.5, 1 and 2."""
    boxes = of_map(4, 8)
    assert boxes.shape == (2 * 2 * 3, 4)
    long, short = 16 * math.sqrt(2), 16 / math.sqrt(2)
    assert boxes[0] == pytest.approx((-long, -short, long, short))
    assert boxes[1].tolist() == [-16, -16, 16, 16]
    assert boxes[2] == pytest.approx((-short, -long, short, long))
    assert boxes[4].tolist() == [-16, -12, 16, 20]
    assert boxes[7].tolist() == [-12, -16, 20, 16]


def test_all_maps_follow_each_other_and_fractions_leave_out_a_pixel() -> None:
    boxes = anchors(128)
    assert len(boxes) == 3 * (32**2 + 16**2 + 8**2 + 4**2 + 2**2)
    assert (boxes[1] * 127).tolist() == pytest.approx([-16, -16, 15, 15], abs=1e-5)
    assert (boxes[-2] * 127).tolist() == pytest.approx([-192, -192, 319, 319], abs=1e-4)


def test_crops_by_hand() -> None:
    """On a map whose value is 10 * row + column, sampling gives that of the position."""
    features = (torch.arange(5.0)[:, None] * 10 + torch.arange(9.0))[None, None]
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.125, 0.25, 0.625, 0.5], [-0.25, 0.5, 0.25, 1.5]])
    whole, part, beyond = crop_and_resize(features, boxes, 3)[:, 0]
    assert whole.tolist() == [[0, 4, 8], [20, 24, 28], [40, 44, 48]]
    assert part.tolist() == [[7, 8, 9], [17, 18, 19], [27, 28, 29]]
    assert beyond.tolist() == [[0, 0, 0], [4, 8, 0], [14, 18, 0]]


def test_a_box_is_cut_out_of_the_map_of_its_size() -> None:
    maps = [torch.full((1, 1, 64 >> n, 64 >> n), float(n + 2)) for n in range(4)]
    sides = (20.0, 79.0, 80.0, 158.0, 159.0, 223.0, 316.0, 317.0, 1000.0, 0.0)
    boxes = torch.tensor([[0.0, 0.0, side / 1024, side / 1024] for side in sides])
    levels = pyramid_crops(maps, boxes, 2, 1024 * 1024)[:, 0, 0, 0]
    # The boundaries between maps are at 224 times 2 to the power of plus or minus a half.
    assert levels.tolist() == [2, 2, 3, 3, 4, 4, 4, 5, 5, 2]


def test_no_box_no_piece() -> None:
    maps = [torch.zeros(1, 3, 8 >> n, 8 >> n) for n in range(4)]
    assert pyramid_crops(maps, torch.zeros(0, 4), 7, 1024).shape == (0, 3, 7, 7)


@pytest.mark.parametrize(
    ("source", "inner", "corner"),
    [
        ((640, 480), (1024, 768), (0, 128)),
        ((500, 375), (1024, 768), (0, 128)),
        ((800, 800), (800, 800), (112, 112)),
        ((900, 850), (900, 850), (62, 87)),
        ((100, 100), (800, 800), (112, 112)),
        ((3000, 1000), (1024, 341), (0, 341)),
        ((10000, 1), (1024, 1), (0, 511)),
    ],
)
def test_sizes_by_hand(
    source: tuple[int, int], inner: tuple[int, int], corner: tuple[int, int]
) -> None:
    mold = Mold.fitting(source, 800, 1024)
    assert (mold.inner, mold.corner) == (inner, corner)


def test_an_image_of_the_right_size_is_only_framed() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (90, 100, 3), np.uint8)
    mold = Mold.fitting((100, 90), 80, 128)
    square = mold.apply(pixels) + np.array(MEAN, np.float32)
    np.testing.assert_allclose(square[19:109, 14:114], pixels, atol=1e-4)
    square[19:109, 14:114] = 0
    np.testing.assert_allclose(square, 0, atol=1e-4)


@settings(deadline=None, max_examples=25)
@given(st.tuples(st.integers(2, 40), st.integers(2, 40)))
def test_scaled_images_are_those_of_scikit_image(source: tuple[int, int]) -> None:
    width, height = source
    pixels = np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)
    mold = Mold.fitting(source, 50, 64)
    left, top = mold.corner
    square = mold.apply(pixels) + np.array(MEAN, np.float32)
    inner = square[top : top + mold.inner[1], left : left + mold.inner[0]]
    expected = scale_by_author(
        pixels, mold.inner[::-1], order=1, mode="constant", preserve_range=True, anti_aliasing=False
    )
    # 8 bits: values just below a whole number may be rounded either way.
    assert np.abs(inner - np.floor(expected + 1e-3)).max() <= 1.001
    assert (np.abs(inner - np.floor(expected + 1e-3)) > 0.5).mean() < 0.01


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 90), st.integers(1, 90))
def test_scaled_masks_are_those_of_scikit_image(width: int, height: int) -> None:
    mask = np.random.default_rng(height).random((28, 28), np.float32)
    expected = scale_by_author(mask, (height, width), order=1, mode="constant", anti_aliasing=False)
    np.testing.assert_allclose(resize_mask(mask, (width, height)), expected, atol=1e-4)


@given(
    st.tuples(st.integers(30, 3000), st.integers(30, 3000)),
    st.tuples(*[st.floats(0, 1, width=32)] * 4),
)
def test_boxes_come_back_to_the_pixels_they_are_of(
    source: tuple[int, int], shares: tuple[float, float, float, float]
) -> None:
    mold = Mold.fitting(source, 800, 1024)
    width, height = source
    top, bottom = sorted(round(share * (height - 1)) for share in shares[:2])
    left, right = sorted(round(share * (width - 1)) for share in shares[2:])
    box = np.array((top, left, bottom + 1, right + 1))
    near, far = mold.window[:2].astype(float), mold.window[2:].astype(float)
    inside = normalised(box, source).astype(float)
    fractions = inside * np.tile(far - near, 2) + np.tile(near, 2)
    assert np.abs(mold.to_image(fractions[None])[0] - box).max() <= 1
    assert np.array_equal(mold.to_image(mold.window[None])[0], (0, 0, height, width))
