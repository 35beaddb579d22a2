"""Pastes Mask R-CNN's box-relative masks into the image.

He, Gkioxari, Dollar and Girshick, "Mask R-CNN" (2017): each object has a small grid of
probabilities that covers its box. Each pixel whose centre is in the box gets the probability at its
centre, interpolated between the centres of the cells: linearly, since cubic interpolation
overshoots.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelyard.imaging import Crop, crop

Matrix = NDArray[np.float64]
Box = tuple[float, float, float, float]


def paste(
    mask: NDArray[np.floating[Any]],
    box: Box,
    size: tuple[int, int],
    threshold: float = 0.5,
    *,
    within: Box | None = None,
) -> Crop | None:
    """Return the pixels of an object as arguments of `annotation.Mask`.

    Args:
        mask: [h, w] probabilities 0..1, or logits, over the box.
        box: left, top, right, bottom in pixels; may extend beyond the image.
        size: Width and height of the image.
        threshold: Pixels with a higher value belong to the object.
        within: Only pixels whose centre is in this box as well; by default, all of `box`.

    Returns:
        The smallest crop with the object; None if no pixel of the image belongs to it.
    """
    left, top, right, bottom = box
    near_x, near_y, far_x, far_y = box if within is None else within
    columns = _positions((left, right), (near_x, far_x), size[0], mask.shape[1])
    rows = _positions((top, bottom), (near_y, far_y), size[1], mask.shape[0])
    if columns is None or rows is None:
        return None
    cells = mask[_cells(rows[1]), _cells(columns[1])]
    values = _weights(rows[1], mask.dtype) @ cells @ _weights(columns[1], mask.dtype).T
    part = crop(values > threshold)
    if part is None:
        return None
    return Crop(part.bitmap, part.left + columns[0], part.top + rows[0])


def _positions(
    span: tuple[float, float], within: tuple[float, float], length: int, cells: int
) -> tuple[int, Matrix] | None:
    """Return the first pixel with its centre in both ranges, and the mask positions of all.

    A position counts cells from centre to centre: 0 is the middle of the first one.
    """
    start, end = span
    first = max(0, math.ceil(max(start, within[0]) - 0.5))
    last = min(length, math.ceil(min(end, within[1]) - 0.5))
    if first >= last:
        return None
    centers = np.arange(first, last) + 0.5
    positions = (centers - start) / (end - start) * cells - 0.5
    return first, np.asarray(positions.clip(0, cells - 1), np.float64)


def _cells(positions: Matrix) -> slice:
    """Return the cells that have a weight at ascending positions."""
    return slice(int(positions[0]), math.ceil(positions[-1]) + 1)


def _weights(positions: Matrix, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return [N, cells]: the weight of each of `_cells` at each position."""
    cells = _cells(positions)
    distance = np.abs(positions[:, None] - np.arange(cells.start, cells.stop))
    return np.maximum(0.0, 1.0 - distance).astype(dtype)
