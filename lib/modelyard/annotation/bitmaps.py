"""Masks as JSON numbers, written by numpy rather than as one Python object per pixel.

A full-HD mask has two million numbers. Each is one digit, so a row's text is an array of
bytes in which every second one is a comma.
"""

import numpy as np

from modelyard.annotation.masks import Bitmap

_ZERO, _COMMA, _OPEN, _CLOSE = b"0,[]"

# Two bytes of text as one number, to write whole rows at a time.
_PAIR = np.dtype("<u2")


def flat_json(bitmap: Bitmap) -> bytes:
    """Return a bitmap [h, w] row by row as `0,1,…,` without brackets: 2 bytes per pixel."""
    text = bitmap.ravel().astype(_PAIR)
    text += _pair(_ZERO, _COMMA)
    return text.tobytes()


def nested_json(bitmap: Bitmap) -> bytes:
    """Return a bitmap [h, w] as `[[0,1,…],…]`: 2 bytes per pixel and 2 per row."""
    height, width = bitmap.shape
    # A row: each digit after its bracket or comma, then the closing bracket and comma.
    text = np.empty((height, width + 1), _PAIR)
    digits = text[:, :width]
    np.left_shift(bitmap.view(np.uint8), 8, out=digits, dtype=_PAIR)
    digits += _pair(_COMMA, _ZERO)
    digits[:, 0] += _pair(_OPEN, _ZERO) - _pair(_COMMA, _ZERO)
    text[:, width] = _pair(_CLOSE, _COMMA)
    # The comma after the last row becomes the list's closing bracket.
    text[-1, width] = _pair(_CLOSE, _CLOSE)
    return b"[" + text.tobytes()


def _pair(first: int, second: int) -> int:
    return first + (second << 8)
