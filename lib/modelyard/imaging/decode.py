"""Decodes image files to RGB pixels, within limits."""

import hashlib
import io
import logging
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import msgspec
import numpy as np
import PIL.Image
import PIL.ImageFile

# Imported for their side effect: each plugin registers its format, and only these may.
from PIL import (  # noqa: F401
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from modelyard.imaging.errors import ImageError
from modelyard.imaging.image import Image, Pixels
from modelyard.imaging.modes import to_rgb
from modelyard_contract.variables import MAX_PIXELS

# Formats of photographs. Excluded are formats that run other programs (EPS), have no
# signature (TGA) or a decoder that is hardly maintained (FLI, SGI, …).
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "PPM", "JPEG2000", "AVIF")

# Our limits apply first. Pillow's error at twice as many pixels remains as a fallback.
warnings.filterwarnings("ignore", category=PIL.Image.DecompressionBombWarning)


log: Final = logging.getLogger(__name__)

# What stands where nothing was decoded: zeros, or in JPEG grey, which is 127 in inverted CMYK.
_FILLERS: Final = (0, 127, 128)
# The longest side of a block of pixels that JPEG codes as one.
_BLOCK: Final = 32

# Held while Pillow, which has one switch for the process, accepts files that are cut short.
_lenient = threading.Lock()
_reported = threading.Event()


class ImageLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How large an image may be.

    Attributes:
        max_bytes: Bytes of the file.
        max_pixels: Width times height.
        max_side: Width and height each.
    """

    max_bytes: int = 64 * 1024 * 1024
    max_pixels: int = 100_000_000
    max_side: int = 32_768


DEFAULT_LIMITS = ImageLimits()


def limits_from_env(env: Mapping[str, str]) -> ImageLimits:
    """Read MODELYARD_MAX_PIXELS; the default limits if it is unset or empty.

    Raises:
        ValueError: it is not a whole number above 0.
    """
    value = env.get(MAX_PIXELS, "")
    if not value:
        return DEFAULT_LIMITS
    if not (value.isascii() and value.isdigit() and int(value)):
        raise ValueError(f"{MAX_PIXELS} must be a whole number above 0, not {value!r}")
    return ImageLimits(max_pixels=int(value))


def decode(data: bytes, limits: ImageLimits = DEFAULT_LIMITS) -> Image:
    """Decode an image file, or the first frame of an animation, to RGB.

    `modelyard.imaging.modes` converts any mode that Pillow reads. The size is checked in the
    header, before any pixel is decoded. EXIF orientation is not applied: CVAT has done so, and
    annotations are in pixels of the file. Colour profiles are not applied either: networks are
    trained on the values in files.

    Of a file that is cut short or damaged, what can be decoded is, as in CVAT's editor; the rest
    is black, or grey in a JPEG. The log says so the first time.

    Args:
        data: The whole file.
        limits: The size limits.

    Raises:
        ImageError: 400 not an image, of an unsupported format, or no pixel can be decoded; 413
            too large.
    """
    if not data:
        raise ImageError(400, "the image is empty: expected the bytes of an image file")
    if len(data) > limits.max_bytes:
        raise ImageError(
            413, f"the image file has {len(data)} bytes; at most {limits.max_bytes} are accepted"
        )
    return Image(_decode_pixels(data, limits), hashlib.sha256(data).hexdigest())


def _decode_pixels(data: bytes, limits: ImageLimits) -> Pixels:
    try:
        return _read(data, limits)
    except _DamagedError as damaged:
        try:
            with _leniently():
                pixels = _read(data, limits, rest=True)
        except _DamagedError:
            # The first reason: the second is that of a decoder which has lost its place.
            raise damaged from damaged.__cause__
        _report(damaged.message)
        return pixels


class _DamagedError(ImageError):
    """The file begins like an image, but not all of it can be decoded."""


def _read(data: bytes, limits: ImageLimits, *, rest: bool = False) -> Pixels:
    """Return the pixels; with `rest`, at least one must have been decoded."""
    most = limits.max_pixels
    accepted = (
        f"at most {most} in all and {limits.max_side} a side are accepted; "
        f"{MAX_PIXELS} in the function's env sets the first"
    )
    # Pillow's own limit must not be in the way of ours.
    PIL.Image.MAX_IMAGE_PIXELS = max(PIL.Image.MAX_IMAGE_PIXELS or 0, most)
    try:
        with PIL.Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if width * height > most or max(width, height) > limits.max_side:
                raise ImageError(413, f"the image is {width}x{height} pixels; {accepted}")
            image.load()
            if rest and _is_blank(image):
                raise _DamagedError(400, "the image file is damaged: it yields no pixel")
            return to_rgb(image)
    except ImageError:
        raise
    except PIL.Image.DecompressionBombError:
        raise ImageError(413, f"the image has too many pixels; {accepted}") from None
    except PIL.UnidentifiedImageError:
        raise ImageError(
            400, f"this is not an image file, or not in a supported format: {', '.join(FORMATS)}"
        ) from None
    except MemoryError:
        raise ImageError(413, "the image needs more memory than is available") from None
    except Exception as error:  # Plugins raise any exception on a damaged file.
        raise _DamagedError(400, f"the image file is damaged: {_reason(error)}") from error


@contextmanager
def _leniently() -> Iterator[None]:
    """Let Pillow return what it has decoded of a file when it meets an error."""
    with _lenient:
        before = PIL.ImageFile.LOAD_TRUNCATED_IMAGES
        PIL.ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            yield
        finally:
            PIL.ImageFile.LOAD_TRUNCATED_IMAGES = before


def _is_blank(image: PIL.Image.Image) -> bool:
    """Return whether every pixel has the one value of those that were not decoded."""
    values = np.asarray(image)
    parts = [values]
    if image.format == "JPEG" and min(image.size) > _BLOCK:
        # Without any data, the decoder makes a first block of zero bits.
        parts = [values[_BLOCK:], values[:_BLOCK, _BLOCK:]]
    return all(part.min() == part.max() and part.min() in _FILLERS for part in parts)


def _report(reason: str) -> None:
    """Log that a picture is incomplete, once in a process: a task may have thousands of them."""
    if _reported.is_set():
        return
    _reported.set()
    log.warning("%s; what could be decoded is used, of later pictures too without a word", reason)


def _reason(error: Exception) -> str:
    """Return Pillow's reason without addresses and file objects."""
    text = str(error).split("<")[0].strip(" :")
    return text[:120] or type(error).__name__
