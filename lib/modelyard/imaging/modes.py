"""Converts every pixel mode of Pillow to 8-bit RGB so that a photograph looks the same.

* Alpha is dropped, not composited: the networks were trained on files opened that way, any
  background would be a guess, and colours under full transparency are mostly genuine.
* Premultiplied alpha (La, RGBa) is divided out first, or colours would be too dark.
* Greyscale of more than 8 bits is scaled by the bit depth in use, as 16-bit files often hold
  8, 10, 12 or 14 bits: the smallest of these that fits the largest value, and beyond 16 bits
  as many as it needs. So values lose their low bits: 16 bits are shifted by 8, 12 bits by 4,
  and values up to 255 stay unchanged.
* Floating point up to 1.0 is scaled by 255, other floating point is treated like integers;
  NaN and infinity become black. Negative values become black.
* LAB is converted with the ICC profile of sRGB; CMYK as Pillow returns it, with the inversion
  of Adobe's JPEG files already undone.
"""

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from modelyard.imaging.image import Pixels

# Intermediate mode of each mode before Pillow converts it to RGB.
_FIRST = {"La": "LA", "P": "RGBA", "PA": "RGBA"}
_DEPTHS = (8, 10, 12, 14, 16)


def to_rgb(image: PIL.Image.Image) -> Pixels:
    """Return uint8 [height, width, 3] RGB, possibly read-only, of the image's current frame.

    Raises:
        OSError: the file is truncated or damaged; Pillow's plugins may raise other errors.
        ValueError: a mode that Pillow cannot convert.
    """
    image.load()
    if image.mode.startswith("I") or image.mode == "F":
        grey = _to_8_bits(np.asarray(image))
        return np.repeat(grey[:, :, None], 3, axis=2)
    first = _FIRST.get(image.mode)
    straight = image.convert(first) if first else image
    return np.asarray(straight if straight.mode == "RGB" else straight.convert("RGB"))


def _to_8_bits(values: NDArray[np.number]) -> NDArray[np.uint8]:
    """Scale greyscale values [height, width] of any type to 0..255."""
    if values.dtype.kind == "f":
        values = np.where(np.isfinite(values), values, 0)
        if values.max() <= 1:
            values = (values * 255).round()
    used = int(values.max()).bit_length()
    depth = next((depth for depth in _DEPTHS if depth >= used), used)
    return np.asarray(values.clip(min=0) // 2 ** (depth - 8), dtype=np.uint8)
