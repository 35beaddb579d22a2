"""Turns pictures by their EXIF orientation, as CVAT does before it sends them."""

import io
from typing import Final

import PIL.Image
import PIL.ImageOps

from modelyard.imaging.decode import DEFAULT_LIMITS, FORMATS, ImageLimits, decode
from modelyard.imaging.image import Image

# Exif 2.32, section 4.6.4: 1 is upright, 2 to 8 are mirrored, turned or both.
_ORIENTATION: Final = 0x0112
_ASKEW: Final = range(2, 9)


def upright(file: bytes, limits: ImageLimits = DEFAULT_LIMITS) -> bytes:
    """Return an image file that shows the picture upright, for commands that stand in for CVAT.

    That is the file itself, unless its EXIF data say that the picture is turned or mirrored: then a
    PNG file. What is no image is returned as it is, and refused by who decodes it.

    Raises:
        ImageError: see `modelyard.imaging.decode`.
    """
    orientation = _orientation(file)
    if orientation not in _ASKEW:
        return file
    picture = PIL.Image.fromarray(decode(file, limits).pixels)
    picture.getexif()[_ORIENTATION] = orientation
    turned = io.BytesIO()
    PIL.ImageOps.exif_transpose(picture).save(turned, "PNG", compress_level=1)
    return turned.getvalue()


def decode_upright(file: bytes, limits: ImageLimits = DEFAULT_LIMITS) -> Image:
    """Decode an image file as `decode` does, and show it upright.

    Raises:
        ImageError: see `modelyard.imaging.decode`.
    """
    return decode(upright(file, limits), limits)


def _orientation(file: bytes) -> object:
    """Return the EXIF orientation; None if there is none, or Pillow has turned it already."""
    try:
        with PIL.Image.open(io.BytesIO(file), formats=FORMATS) as image:
            return None if image.format == "TIFF" else image.getexif().get(_ORIENTATION)
    except Exception:  # Plugins raise any exception on a damaged file.
        return None
