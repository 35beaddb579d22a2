import io
import warnings
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray
from PIL import ImageCms
from skimage.data import astronaut

from modelyard.annotation.testing.strategies import steady
from modelyard.imaging.modes import to_rgb

PHOTOGRAPH = PIL.Image.fromarray(astronaut()[:256, 100:356])  # type: ignore[no-untyped-call]
GREY = PHOTOGRAPH.convert("L")
# Alpha from nearly clear on the left to opaque on the right: colours must not follow it.
ALPHA = PIL.Image.fromarray(np.tile(np.linspace(8, 255, 256).astype(np.uint8), (256, 1)))
WIDE = np.asarray(GREY).astype(np.uint16)


def reopened(image: PIL.Image.Image, file_format: str, **options: Any) -> PIL.Image.Image:
    """Save an image and open the file again."""
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return PIL.Image.open(io.BytesIO(file.getvalue()))


def with_alpha(image: PIL.Image.Image, mode: str) -> PIL.Image.Image:
    """Return the image in a mode with alpha, and ALPHA in it."""
    image = image.convert(mode)
    image.putalpha(ALPHA)
    return image


def lab() -> PIL.Image.Image:
    """Return the photograph in CIE L*a*b*."""
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    image = ImageCms.profileToProfile(PHOTOGRAPH, *profiles, outputMode="LAB")
    assert image is not None
    return image


def difference(image: PIL.Image.Image, expected: PIL.Image.Image) -> float:
    """Return the mean absolute difference of the converted image, in 0..255."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pixels = to_rgb(image)
    assert pixels.dtype == np.uint8
    wanted = np.asarray(expected.convert("RGB"), np.int16)
    assert pixels.shape == wanted.shape
    return float(np.abs(pixels - wanted).mean())


@pytest.mark.parametrize(
    ("image", "expected", "tolerance"),
    [
        (reopened(PHOTOGRAPH, "PNG"), PHOTOGRAPH, 0),
        (reopened(PHOTOGRAPH, "TIFF", compression="tiff_lzw"), PHOTOGRAPH, 0),
        (reopened(PHOTOGRAPH, "JPEG", quality=95), PHOTOGRAPH, 3),
        (reopened(GREY, "PNG"), GREY, 0),
        (reopened(GREY, "JPEG", quality=95), GREY, 3),
        (reopened(with_alpha(PHOTOGRAPH, "RGBA"), "PNG"), PHOTOGRAPH, 0),
        (reopened(with_alpha(PHOTOGRAPH, "RGBA"), "TIFF"), PHOTOGRAPH, 0),
        (reopened(with_alpha(GREY, "LA"), "PNG"), GREY, 0),
        (with_alpha(PHOTOGRAPH, "RGBA").convert("RGBa"), PHOTOGRAPH, 2),
        (with_alpha(GREY, "LA").convert("La"), GREY, 2),
        (reopened(PHOTOGRAPH.quantize(256), "PNG"), PHOTOGRAPH, 6),
        (reopened(PHOTOGRAPH.quantize(256), "PNG", transparency=bytes(range(256))), PHOTOGRAPH, 6),
        (reopened(PHOTOGRAPH.quantize(256), "GIF", transparency=0), PHOTOGRAPH, 6),
        (reopened(with_alpha(PHOTOGRAPH.quantize(256), "PA"), "TIFF"), PHOTOGRAPH, 6),
        (reopened(GREY, "PNG", transparency=77), GREY, 0),
        (reopened(PHOTOGRAPH.convert("CMYK"), "TIFF"), PHOTOGRAPH, 1),
        # Pillow writes what Adobe does: all four inks inverted, and marked as Adobe's.
        (reopened(PHOTOGRAPH.convert("CMYK"), "JPEG", quality=95), PHOTOGRAPH, 3),
        (reopened(PHOTOGRAPH.convert("YCbCr"), "TIFF"), PHOTOGRAPH, 2),
        (reopened(lab(), "TIFF"), PHOTOGRAPH, 3),
        (PHOTOGRAPH.convert("HSV"), PHOTOGRAPH, 4),
        (PHOTOGRAPH.convert("RGBX"), PHOTOGRAPH, 0),
        (reopened(PIL.Image.fromarray(WIDE * 257), "PNG"), GREY, 0),
        (reopened(PIL.Image.fromarray(WIDE * 257), "TIFF", compression="tiff_lzw"), GREY, 0),
        (reopened(GREY.convert("I").convert("I;16B"), "TIFF"), GREY, 0),
        (PIL.Image.frombytes("I;16B", GREY.size, (WIDE * 257).astype(">u2").tobytes()), GREY, 0),
        (reopened(GREY.convert("I"), "TIFF"), GREY, 0),
        (reopened(PIL.Image.fromarray(WIDE.astype(np.int32) << 20), "TIFF"), GREY, 0),
        (reopened(PIL.Image.fromarray(WIDE * 257), "PPM"), GREY, 0),
        (reopened(GREY.convert("F"), "TIFF"), GREY, 0),
        (reopened(PIL.Image.fromarray((WIDE / 255).astype(np.float32)), "TIFF"), GREY, 0),
    ],
    ids=lambda value: f"{value.format}-{value.mode}" if isinstance(value, PIL.Image.Image) else "",
)
def test_a_photograph_looks_the_same_in_every_mode(
    image: PIL.Image.Image, expected: PIL.Image.Image, tolerance: float
) -> None:
    assert difference(image, expected) <= tolerance


def test_a_dithered_photograph_looks_the_same_from_afar() -> None:
    dithered = PIL.Image.fromarray(to_rgb(reopened(PHOTOGRAPH.convert("1"), "PNG")))
    near, far = (np.asarray(i.convert("L").reduce(16), np.int16) for i in (dithered, PHOTOGRAPH))

    assert np.abs(near - far).mean() < 6


@pytest.mark.parametrize("depth", [8, 10, 12, 14, 16])
@steady
@given(data=st.data())
def test_deep_grey_is_shifted_by_the_depth_in_use(depth: int, data: st.DataObject) -> None:
    values = data.draw(npst.arrays(np.uint16, (3, 4), elements=st.integers(0, 2**depth - 1)))
    # A value that needs this depth and not the one below it.
    values[0, 0] = data.draw(st.integers(2 ** max(depth - 2, 0), 2**depth - 1))

    pixels = to_rgb(PIL.Image.fromarray(values))

    assert np.array_equal(pixels, np.stack([values >> (depth - 8)] * 3, axis=2))


def float_image(*values: float) -> PIL.Image.Image:
    return PIL.Image.fromarray(np.array([values], np.float32))


def red(image: PIL.Image.Image) -> list[int]:
    return [int(value) for value in to_rgb(image)[0, :, 0]]


def test_what_is_no_brightness_becomes_black() -> None:
    assert red(float_image(0.0, 0.5, 1.0, np.nan, np.inf, -np.inf, -0.5)) == [
        0,
        128,
        255,
        0,
        0,
        0,
        0,
    ]
    assert red(float_image(-9.0, 80.0, 255.0, np.nan)) == [0, 80, 255, 0]
    assert red(float_image(np.nan, np.nan)) == [0, 0]
    signed: NDArray[np.int32] = np.array([[-5, 0, 4095, 2048]], np.int32)
    assert red(PIL.Image.fromarray(signed)) == [0, 0, 255, 128]
    assert red(PIL.Image.fromarray(-signed[:, 2:])) == [0, 0]


def test_brightness_beyond_16_bits_uses_as_many_as_it_needs() -> None:
    assert red(float_image(0.0, 50_000.0, 100_000.0)) == [0, 97, 195]
    assert red(float_image(0.0, 1e30))[0] == 0
