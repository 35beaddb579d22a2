import hashlib
from typing import Any

import numpy as np
import pytest

from modelyard.imaging.image import Image


def test_pixels_cannot_be_changed() -> None:
    image = Image.from_pixels(np.zeros((2, 3, 3), np.uint8))

    with pytest.raises(ValueError, match="read-only"):
        image.pixels[0, 0] = 1


def test_an_image_made_of_pixels_has_its_own_copy_and_a_digest_of_them() -> None:
    pixels = np.zeros((2, 3, 3), np.uint8)
    image = Image.from_pixels(pixels)
    pixels[:] = 9

    assert not image.pixels.any()
    assert image.size == (image.width, image.height) == (3, 2)
    assert image.digest == Image.from_pixels(np.zeros((2, 3, 3), np.uint8)).digest
    assert image.digest != Image.from_pixels(np.zeros((3, 2, 3), np.uint8)).digest
    assert image.digest != Image.from_pixels(pixels).digest


def test_strided_pixels_become_contiguous() -> None:
    wide = np.arange(4 * 6 * 4, dtype=np.uint8).reshape(4, 6, 4)
    image = Image(wide[:, ::2, :3], hashlib.sha256(b"").hexdigest())

    assert image.pixels.flags.c_contiguous
    assert np.array_equal(image.pixels, wide[:, ::2, :3])


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((2, 3), np.uint8),
        np.zeros((2, 3, 4), np.uint8),
        np.zeros((2, 3, 3), np.float32),
        np.zeros((0, 3, 3), np.uint8),
    ],
    ids=lambda pixels: f"{pixels.dtype}{pixels.shape}",
)
def test_other_arrays_are_refused(pixels: Any) -> None:
    with pytest.raises(ValueError, match="pixels must"):
        Image.from_pixels(pixels)
