"""The boxes that the network's answers refer to."""

import functools
import math
from typing import Final

import torch
from torch import Tensor

_RATIOS: Final = (0.5, 1.0, 2.0)
_SCALES: Final = tuple(2 ** (third / 3) for third in range(3))
# An anchor is this many strides wide, times its scale.
_STRIDES_WIDE: Final = 4


def shapes(stride: int) -> Tensor:
    """Return the nine anchors of a cell of a map, about the origin.

    Three sizes, and of each size three shapes of the same area, height by width 0.5, 1 and 2.

    Returns:
        float32 [9, 4] of left, top, right, bottom in pixels.
    """
    sides = []
    for scale in _SCALES:
        area = (stride * _STRIDES_WIDE * scale) ** 2
        for ratio in _RATIOS:
            width = math.sqrt(area / ratio)
            sides.append((width, width * ratio))
    halves = torch.tensor(sides) / 2
    return torch.cat((-halves, halves), dim=1)


@functools.lru_cache(maxsize=64)
def anchors(stride: int, height: int, width: int) -> Tensor:
    """Return the anchors of a map of `height` by `width` cells, cells row by row.

    A cell's anchors are centred at its top left corner, for detectron2's offset is 0.

    Returns:
        float32 [height * width * 9, 4] of left, top, right, bottom in pixels of the input.
    """
    rows, columns = torch.meshgrid(
        torch.arange(height) * stride, torch.arange(width) * stride, indexing="ij"
    )
    corners = torch.stack((columns, rows, columns, rows), dim=-1).reshape(-1, 1, 4)
    return (corners + shapes(stride)).reshape(-1, 4)
