"""The boxes that proposals refer to."""

import functools
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mask_rcnn_matterport.molding import normalised

_STRIDES: Final = (4, 8, 16, 32, 64)
_RATIOS: Final = (0.5, 1.0, 2.0)
# An anchor is this many strides wide.
_STRIDES_WIDE: Final = 8


def of_map(stride: int, side: int) -> NDArray[np.float64]:
    """Return the anchors of the map with that stride: three of equal area in each cell.

    Aspect ratios (width by height) are 0.5, 1 and 2. A cell's anchors are centred at its top left
    corner.

    Returns:
        float64 [cells * 3, 4] of top, left, bottom, right in pixels, cells row by row.
    """
    size = stride * _STRIDES_WIDE
    roots = np.sqrt(_RATIOS)
    halves = np.stack((size / roots, size * roots), axis=1) / 2
    shapes = np.concatenate((-halves, halves), axis=1)
    steps = np.arange(0, side, stride, dtype=np.float64)
    rows, columns = np.meshgrid(steps, steps, indexing="ij")
    corners = np.stack((rows, columns, rows, columns), axis=-1).reshape(-1, 1, 4)
    return (corners + shapes).reshape(-1, 4)


@functools.lru_cache(maxsize=4)
def anchors(side: int) -> Tensor:
    """Return the anchors of all five maps of a square input, finest first.

    Returns:
        float32 [N, 4] of top, left, bottom, right as fractions (`molding.normalised`).
    """
    pixels = np.concatenate([of_map(stride, side) for stride in _STRIDES])
    return torch.from_numpy(normalised(pixels, (side, side)))
