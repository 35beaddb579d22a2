"""Every pixel mode of Pillow to 8-bit RGB, so that a photograph keeps looking the same.

* Alpha is dropped, not composited: the networks were trained on files opened that way, any
  background would be a guess, and colours under full transparency are mostly the real ones.
* Premultiplied alpha (La, RGBa) is divided out first, or colours would come out dark.
* Greyscale of more than 8 bits is scaled by the bit depth the values use, as files of 16
  bits often hold 8, 10, 12 or 14: the least of these that holds the largest value, and for
  more than 16 bits as many as it needs. A value thus loses its low bits: 16 bits are
  shifted by 8, 12 bits by 4, and values up to 255 stay what they are.
* Floating point up to 1.0 is scaled by 255, other floating point treated like integers;
  NaN and infinity become black. Negative values become black.
* LAB goes through the ICC profile of sRGB; CMYK is converted as Pillow gives it, which has
  already undone the inversion of Adobe's JPEG files.
"""

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from modelyard.imaging.image import Pixels

# What each mode must become before Pillow converts it to RGB, colours and all.
_FIRST = {"La": "LA", "P": "RGBA", "PA": "RGBA"}
_DEPTHS = (8, 10, 12, 14, 16)


def to_rgb(image: PIL.Image.Image) -> Pixels:
    """Return uint8 [height, width, 3] RGB, possibly read-only, of the image's current frame.

    Raises:
        OSError: the file is truncated or damaged; Pillow's plugins raise more than this.
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
