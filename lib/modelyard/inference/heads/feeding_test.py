"""From an image to a network's inputs; expected pixels are worked out by hand."""

from typing import Any

import numpy as np
import pytest

from modelyard.imaging import Image
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.feeding import Feed, resolve_inputs
from modelyard.inference.heads.options import HeadOptions

F32 = np.dtype(np.float32)


def fed(
    pixels: Any, shape: tuple[int, ...], dtype: Any = np.float32, **options: Any
) -> dict[str, Any]:
    settings = HeadOptions().changed(options)
    inputs = resolve_inputs({"images": shape}, settings)
    feed = Feed.of(inputs, {"images": np.dtype(dtype)}, settings)
    image = Image.from_pixels(np.array(pixels, np.uint8))
    return feed.fill(image, feed.fit(image.size))


def test_a_picture_is_one_channel_of_luma() -> None:
    # 0.299 R + 0.587 G + 0.114 B, as OpenCV documents.
    red, green = np.full((4, 4, 3), (255, 0, 0)), np.full((4, 4, 3), (0, 255, 0))
    options = {"channels": "gray", "scale": [255, 255, 255]}
    found = fed(np.hstack((red, green)), (1, 1, 4, 8), **options)["images"]
    assert found.shape == (1, 1, 4, 8)
    np.testing.assert_allclose(found[0, 0, :, :4], 76 / 255, atol=0.5 / 255)
    np.testing.assert_allclose(found[0, 0, :, 4:], 150 / 255, atol=0.5 / 255)


def test_a_centre_crop_scales_the_short_side() -> None:
    # 8 x 4, of which the middle 4 x 4 remains: columns 2 to 5.
    picture = np.zeros((4, 8, 3))
    picture[:, 2:6] = 200
    found = fed(picture, (1, 3, 4, 4), resize="center_crop")["images"]
    np.testing.assert_array_equal(found, np.full((1, 3, 4, 4), 200, np.float32))


def test_a_centre_crop_averages_what_it_shrinks() -> None:
    # Columns alternate between 0 and 240; at a quarter, each pixel covers both evenly.
    picture = np.zeros((64, 64, 3))
    picture[:, ::2] = 240
    found = fed(picture, (1, 3, 16, 16), resize="center_crop")["images"]
    np.testing.assert_allclose(found[..., 2:-2], 120, atol=2)


@pytest.mark.parametrize(
    ("interpolation", "low", "high"),
    [("bilinear", 0, 0), ("bilinear_antialias", 58, 62), ("bicubic_antialias", 56, 64)],
)
def test_antialiasing_averages_what_a_pixel_covers(
    interpolation: str, low: float, high: float
) -> None:
    # Every fourth column is 240. At a quarter, pixel k is between columns 4 k + 1 and 4 k + 2.
    picture = np.zeros((64, 64, 3))
    picture[:, ::4] = 240
    found = fed(picture, (1, 3, 16, 16), interpolation=interpolation)["images"]
    assert low <= found[..., 2:-2].min() <= found[..., 2:-2].max() <= high


def test_an_antialiased_letterbox_is_padded() -> None:
    picture = np.full((32, 64, 3), 200)
    options = {"resize": "letterbox", "padding": 7, "interpolation": "bilinear_antialias"}
    found = fed(picture, (1, 3, 16, 16), **options)["images"]
    assert found[0, 0, :, 3].tolist() == [7] * 4 + [200] * 8 + [7] * 4


@pytest.mark.parametrize(
    ("dtype", "expected"), [(np.uint8, [0, 128, 255]), (np.int8, [-128, 0, 127])]
)
def test_quantised_inputs_take_pixels(dtype: Any, expected: list[int]) -> None:
    picture = np.repeat([[[0], [128], [255]]], 3, axis=2).repeat(3, axis=0)
    found = fed(picture, (1, 3, 3, 3), dtype, scale=[255, 255, 255])["images"]
    assert found.dtype == dtype
    assert found[0, 0, 0].tolist() == expected


def test_an_image_may_lack_the_batch() -> None:
    assert fed(np.zeros((4, 6, 3)), (3, 4, 6))["images"].shape == (3, 4, 6)


def test_an_input_for_the_size_gets_that_of_the_network() -> None:
    options = HeadOptions()
    shapes = {"images": (1, 3, 64, 96), "orig_target_sizes": (-1, 2)}
    inputs = resolve_inputs(shapes, options)
    dtypes: dict[str, np.dtype[Any]] = {"images": F32, "orig_target_sizes": np.dtype(np.int64)}
    image = Image.from_pixels(np.zeros((10, 10, 3), np.uint8))
    feed = Feed.of(inputs, dtypes, options)
    # Width before height: RT-DETR's tools/export_onnx.py multiplies x, y, x, y with it repeated.
    assert feed.fill(image, feed.fit(image.size))["orig_target_sizes"].tolist() == [[96, 64]]


def test_channels_are_first_where_all_is_open() -> None:
    inputs = resolve_inputs({"images": (-1, -1, -1, -1)}, HeadOptions(input_size=(96, 64)))
    assert inputs == {"images": (1, 3, 64, 96)}


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((1, 4, 64, 64), {}, "its input images is (1, 4, 64, 64); an image needs (1, 3, height"),
        ((1, 1, 64, 64), {}, 'for 1 set head_options={"channels": "gray"}'),
        ((1, 3, 64, 64), {"channels": "gray"}, 'for 3 set head_options={"channels": "rgb"}'),
        ((8, 3, 64, 64), {}, "export it with batch size 1"),
        ((1, 3, -1, -1), {}, "state the size it was trained with"),
        ((-1, -1, -1, -1), {}, "state the size it was trained with"),
        ((1, 3, 64, 64), {"input_size": (32, 32)}, "input_size is 32x32, but the network's"),
    ],
)
def test_other_inputs_are_refused(
    shape: tuple[int, ...], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(HeadError) as error:
        resolve_inputs({"images": shape}, HeadOptions().changed(options))
    assert message in str(error.value)
