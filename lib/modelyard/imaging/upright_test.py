import io
from typing import Any

import numpy as np
import PIL.Image
import pytest

from modelyard.imaging.errors import ImageError
from modelyard.imaging.upright import decode_upright, upright

# An image of 3 x 2 pixels, as a person sees it.
SEEN = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40
# How a camera stores it, by the definitions of Exif 2.32, section 4.6.4: where the stored row 0
# and column 0 are in the picture as seen.
STORED = {
    1: SEEN,  # top, left
    2: SEEN[:, ::-1],  # top, right
    3: SEEN[::-1, ::-1],  # bottom, right
    4: SEEN[::-1],  # bottom, left
    5: SEEN.T,  # left, top
    6: SEEN[:, ::-1].T,  # right, top
    7: SEEN[::-1, ::-1].T,  # right, bottom
    8: SEEN[::-1].T,  # left, bottom
}


def saved(pixels: Any, orientation: int, file_format: str = "PNG") -> bytes:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    PIL.Image.fromarray(np.ascontiguousarray(pixels)).save(file, file_format, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("orientation", STORED)
def test_each_orientation_is_shown_upright(orientation: int) -> None:
    image = decode_upright(saved(STORED[orientation], orientation))

    assert image.size == (3, 2)
    assert np.array_equal(image.pixels[:, :, 1], SEEN)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_the_orientation_is_read_in_every_format_that_has_exif(file_format: str) -> None:
    assert decode_upright(saved(np.zeros((20, 30), np.uint8), 6, file_format)).size == (20, 30)


@pytest.mark.parametrize("file", [saved(SEEN, 1), saved(SEEN, 0), saved(SEEN, 9), b"no image", b""])
def test_any_other_file_stays_as_it_is(file: bytes) -> None:
    assert upright(file) == file


def test_a_turned_file_that_is_cut_short_is_turned_too() -> None:
    grey = np.full((64, 96, 3), 90, np.uint8)
    assert decode_upright(saved(grey, 6)[:-20]).size == (64, 96)
    with pytest.raises(ImageError, match="not an image file"):
        decode_upright(b"no image")
