"""The grids on which multi-scale detectors predict objects."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

YOLO_STRIDES: Final = (8, 16, 32)
_LARGE_YOLO_STRIDES: Final = (8, 16, 32, 64)
RETINA_STRIDES: Final = (8, 16, 32, 64, 128)
RETINA_ANCHORS: Final = 9
"""Per cell: three ratios, three sizes."""


def sides(size: tuple[int, int], strides: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield columns and rows of each stride's grid for an input of width and height."""
    width, height = size
    for stride in strides:
        yield -(-width // stride), -(-height // stride)


def cells(size: tuple[int, int], strides: Sequence[int] = YOLO_STRIDES) -> int:
    """Return the number of cells of all grids."""
    return sum(columns * rows for columns, rows in sides(size, strides))


def are_yolo_rows(rows: int, columns: int, size: tuple[int, int]) -> bool:
    """Return whether YOLO's output may have that many boxes, with that many values each.

    Any number of boxes may be: networks have other strides. But if only the number of values is one
    that YOLO's usual grids have, the two are the other way round.
    """
    known = {
        boxes * cells(size, strides)
        for boxes in (1, 3)
        for strides in (YOLO_STRIDES, _LARGE_YOLO_STRIDES)
    }
    return rows in known or columns not in known


def retina_rows(size: tuple[int, int]) -> int:
    """Return how many anchors RetinaNet has for an input of that size."""
    return cells(size, RETINA_STRIDES) * RETINA_ANCHORS


def corners_of_cells(columns: int, rows: int) -> NDArray[np.float32]:
    """Return float32 [rows * columns, 2], column and row of each cell, row by row."""
    y, x = np.mgrid[:rows, :columns]
    return np.stack((x.ravel(), y.ravel()), axis=1).astype(np.float32)
