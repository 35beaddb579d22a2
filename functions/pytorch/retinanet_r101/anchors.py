"""Anchor boxes."""

import functools
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

_RATIOS: Final = (0.5, 1.0, 2.0)
_SCALES: Final = tuple(2 ** (third / 3) for third in range(3))
# An anchor is this many strides wide, times its scale.
_STRIDES_WIDE: Final = 4


def shapes(stride: int) -> NDArray[np.float32]:
    """Return the nine anchors of a map's cell, centred at the origin.

    Three sizes, each with three aspect ratios (height by width) of equal area: 0.5, 1 and 2.

    Returns:
        float32 [9, 4] of left, top, right, bottom in pixels.
    """
    sides = []
    for scale in _SCALES:
        area = (stride * _STRIDES_WIDE * scale) ** 2
        for ratio in _RATIOS:
            width = math.sqrt(area / ratio)
            sides.append((width, width * ratio))
    halves = np.array(sides, np.float32) / 2
    return np.concatenate((-halves, halves), axis=1)


@functools.lru_cache(maxsize=64)
def anchors(stride: int, height: int, width: int) -> NDArray[np.float32]:
    """Return the anchors of a map of `height` by `width` cells, cells row by row.

    A cell's anchors are centred at its top left corner, because detectron2's offset is 0.

    Returns:
        float32 [height * width * 9, 4] of left, top, right, bottom in pixels of the input.
    """
    rows, columns = np.indices((height, width), np.float32) * stride
    corners = np.stack((columns, rows, columns, rows), axis=-1).reshape(-1, 1, 4)
    return (corners + shapes(stride)).reshape(-1, 4)
