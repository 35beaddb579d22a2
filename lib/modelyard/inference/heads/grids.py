"""The grids of places at which detectors of several scales look for objects."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

YOLO_STRIDES: Final = (8, 16, 32)
RETINA_STRIDES: Final = (8, 16, 32, 64, 128)
RETINA_ANCHORS: Final = 9
"""Of each cell: three ratios, three sizes."""


def sides(size: tuple[int, int], strides: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield columns and rows of the grid of each stride over an input of width and height."""
    width, height = size
    for stride in strides:
        yield -(-width // stride), -(-height // stride)


def cells(size: tuple[int, int], strides: Sequence[int] = YOLO_STRIDES) -> int:
    """Return how many cells all grids have together."""
    return sum(columns * rows for columns, rows in sides(size, strides))


def retina_rows(size: tuple[int, int]) -> int:
    """Return how many anchors RetinaNet has for an input of that size."""
    return cells(size, RETINA_STRIDES) * RETINA_ANCHORS


def corners_of_cells(columns: int, rows: int) -> NDArray[np.float32]:
    """Return float32 [rows * columns, 2], x and y of each cell in cells, row by row."""
    y, x = np.mgrid[:rows, :columns]
    return np.stack((x.ravel(), y.ravel()), axis=1).astype(np.float32)
