"""Masks as JSON numbers, written by numpy rather than one Python object a pixel.

A full-HD mask is two million numbers. Each is one digit, so the text of a row is an array
of bytes whose every second one is a comma.
"""

import numpy as np

from annotation.shapes import Bitmap

_ZERO, _COMMA, _OPEN, _CLOSE = b"0,[]"


def flat_json(bitmap: Bitmap) -> bytes:
    """Return a bitmap [h, w] row by row as `0,1,…,` without brackets: 2 bytes a pixel."""
    text = np.empty((bitmap.size, 2), np.uint8)
    text[:, 0] = bitmap.ravel()
    text[:, 0] += _ZERO
    text[:, 1] = _COMMA
    return text.tobytes()


def nested_json(bitmap: Bitmap) -> bytes:
    """Return a bitmap [h, w] as `[[0,1,…],…]`: 2 bytes a pixel and 2 a row."""
    height, width = bitmap.shape
    text = np.full((height, 2 * width + 2), _COMMA, np.uint8)
    text[:, 0] = _OPEN
    digits = text[:, 1 : 2 * width : 2]
    digits[:] = bitmap
    digits += _ZERO
    text[:, 2 * width] = _CLOSE
    # The comma behind the last row becomes the bracket that closes the list.
    text[-1, -1] = _CLOSE
    return b"[" + text.tobytes()
