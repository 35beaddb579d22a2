"""Masks as JSON numbers, written by numpy rather than one Python object a pixel.

A full-HD mask is two million numbers. Each is one digit, so the text of a row is an array
of bytes whose every second one is a comma.
"""

import numpy as np

from modelyard.annotation.shapes import Bitmap

_ZERO, _COMMA, _OPEN, _CLOSE = b"0,[]"

# Two bytes of text as one number, so that whole rows are written at a time.
_PAIR = np.dtype("<u2")


def flat_json(bitmap: Bitmap) -> bytes:
    """Return a bitmap [h, w] row by row as `0,1,…,` without brackets: 2 bytes a pixel."""
    text = bitmap.ravel().astype(_PAIR)
    text += _pair(_ZERO, _COMMA)
    return text.tobytes()


def nested_json(bitmap: Bitmap) -> bytes:
    """Return a bitmap [h, w] as `[[0,1,…],…]`: 2 bytes a pixel and 2 a row."""
    height, width = bitmap.shape
    # A row: each digit with the bracket or comma before it, then the bracket and comma behind.
    text = np.empty((height, width + 1), _PAIR)
    digits = text[:, :width]
    np.left_shift(bitmap.view(np.uint8), 8, out=digits, dtype=_PAIR)
    digits += _pair(_COMMA, _ZERO)
    digits[:, 0] += _pair(_OPEN, _ZERO) - _pair(_COMMA, _ZERO)
    text[:, width] = _pair(_CLOSE, _COMMA)
    # The comma behind the last row becomes the bracket that closes the list.
    text[-1, width] = _pair(_CLOSE, _CLOSE)
    return b"[" + text.tobytes()


def _pair(first: int, second: int) -> int:
    return first + (second << 8)
