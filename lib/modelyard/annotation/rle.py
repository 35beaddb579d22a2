"""CVAT's run-length encoding of masks.

Run lengths in row-major order, starting with pixels off the object (possibly 0), then the
inclusive box `left, top, right, bottom`. Used for masks in tracker requests and replies;
detectors reply with plain pixels instead.
"""

from collections.abc import Sequence

import numpy as np

from modelyard.annotation.errors import ShapeError
from modelyard.annotation.masks import Bitmap

_BOX = 4
# A few numbers can claim a huge mask: limit it to the size of an image.
_MAX_PIXELS = 100_000_000


def encode_rle(bitmap: Bitmap, left: int, top: int) -> list[int]:
    """Return the run lengths and box of a bitmap [h, w] whose first pixel is `left, top`."""
    height, width = bitmap.shape
    # A leading sentinel off the object makes the first run count the pixels before it.
    pixels = np.concatenate(([False], bitmap.ravel()))
    starts = np.flatnonzero(pixels[1:] != pixels[:-1])
    runs = np.diff(starts, prepend=0, append=bitmap.size)
    return [*runs.tolist(), left, top, left + width - 1, top + height - 1]


def decode_rle(numbers: Sequence[float]) -> tuple[Bitmap, int, int]:
    """Return the bitmap [h, w] and its left and top from run lengths and box.

    Raises:
        ShapeError: the runs do not fill the box, or are not whole numbers >= 0.
    """
    if any(number < 0 or not float(number).is_integer() for number in numbers):
        raise ShapeError("a mask must be run lengths and a box, whole numbers >= 0")
    if len(numbers) <= _BOX:
        raise ShapeError("a mask must be run lengths and then the box left, top, right, bottom")
    runs, (left, top, right, bottom) = numbers[:-_BOX], [int(n) for n in numbers[-_BOX:]]
    width, height = right - left + 1, bottom - top + 1
    if width < 1 or height < 1 or width * height > _MAX_PIXELS:
        raise ShapeError(f"a mask of {width:.3g} x {height:.3g} pixels is not accepted")
    if sum(runs) != width * height:
        raise ShapeError(f"the runs of a mask must fill its {width}x{height} box")
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, np.array(runs, dtype=np.int64)).reshape(height, width), left, top
