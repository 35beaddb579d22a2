"""Decodes image files to RGB pixels, within limits."""

import hashlib
import io
import warnings

import msgspec
import PIL.Image

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

# Formats of photographs. Excluded are formats that run other programs (EPS), have no
# signature (TGA) or a decoder that is hardly maintained (FLI, SGI, …).
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "PPM", "JPEG2000", "AVIF")

# Our limits apply first. Pillow's error at twice as many pixels remains as a fallback.
warnings.filterwarnings("ignore", category=PIL.Image.DecompressionBombWarning)


class ImageLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How large an image may be; Pillow itself refuses more than 178 million pixels.

    Attributes:
        max_bytes: Bytes of the file.
        max_pixels: Width times height.
        max_side: Width and height each.
    """

    max_bytes: int = 64 * 1024 * 1024
    max_pixels: int = 100_000_000
    max_side: int = 32_768


DEFAULT_LIMITS = ImageLimits()


def decode(data: bytes, limits: ImageLimits = DEFAULT_LIMITS) -> Image:
    """Decode an image file, or the first frame of an animation, to RGB.

    `modelyard.imaging.modes` converts any mode that Pillow reads. The size is checked in the
    header, before any pixel is decoded. EXIF orientation is not applied: CVAT has done so, and
    annotations are in pixels of the file. Colour profiles are not applied either: networks are
    trained on the values in files.

    Args:
        data: The whole file.
        limits: The size limits.

    Raises:
        ImageError: 400 not an image, of an unsupported format, or damaged; 413 too large.
    """
    if not data:
        raise ImageError(400, "the image is empty: expected the bytes of an image file")
    if len(data) > limits.max_bytes:
        raise ImageError(
            413, f"the image file has {len(data)} bytes; at most {limits.max_bytes} are accepted"
        )
    return Image(_decode_pixels(data, limits), hashlib.sha256(data).hexdigest())


def _decode_pixels(data: bytes, limits: ImageLimits) -> Pixels:
    accepted = f"at most {limits.max_pixels} in all and {limits.max_side} a side are accepted"
    try:
        with PIL.Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if width * height > limits.max_pixels or max(width, height) > limits.max_side:
                raise ImageError(413, f"the image is {width}x{height} pixels; {accepted}")
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
        raise ImageError(400, f"the image file is damaged: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """Return Pillow's reason without addresses and file objects."""
    text = str(error).split("<")[0].strip(" :")
    return text[:120] or type(error).__name__
