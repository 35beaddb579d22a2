"""From the bytes of an image file to RGB pixels, within limits."""

import hashlib
import io
import warnings

import msgspec
import PIL.Image

# Imported for their side effect: a plugin registers its format, and only these do.
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

# Formats that photographs come in. Left out is what runs other programs (EPS), has no
# signature of its own (TGA) or a decoder that hardly anybody maintains (FLI, SGI, …).
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "PPM", "JPEG2000", "AVIF")

# Our limits decide. Pillow's error at twice as many pixels stays behind them.
warnings.filterwarnings("ignore", category=PIL.Image.DecompressionBombWarning)


class ImageLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How large an image may be; Pillow itself opens none beyond 178 million pixels.

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
    """Decode an image file, of an animation its first frame, to RGB.

    Any mode Pillow reads becomes RGB as `modelyard.imaging.modes` says. The size is checked in the
    header, before any pixel is decoded. EXIF orientation is not applied: CVAT has done so,
    and annotations are in the pixels of the file. Colour profiles are not applied either:
    networks are trained on the values that files hold.

    Args:
        data: The whole file.
        limits: What is too large.

    Raises:
        ImageError: 400 not an image, of a format not read, or damaged; 413 too large.
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
            400, f"this is not an image file, or not of a format read here: {', '.join(FORMATS)}"
        ) from None
    except MemoryError:
        raise ImageError(413, "the image needs more memory than there is") from None
    except Exception as error:  # Plugins raise whatever a damaged file leads them into.
        raise ImageError(400, f"the image file is damaged: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """Return Pillow's reason without the addresses and file objects some of them name."""
    text = str(error).split("<")[0].strip(" :")
    return text[:120] or type(error).__name__
