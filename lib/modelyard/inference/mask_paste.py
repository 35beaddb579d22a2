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


def paste(
    mask: NDArray[np.floating[Any]],
    box: tuple[float, float, float, float],
    size: tuple[int, int],
    threshold: float = 0.5,
) -> Crop | None:
    """Return the pixels of an object as arguments of `annotation.Mask`.

    Args:
        mask: [h, w] probabilities 0..1 over the box.
        box: left, top, right, bottom in pixels; may extend beyond the image.
        size: Width and height of the image.
        threshold: Pixels with a higher probability belong to the object.

    Returns:
        The smallest crop with the object; None if no pixel of the image belongs to it.
    """
    left, top, right, bottom = box
    columns = _positions(left, right, size[0], mask.shape[1])
    rows = _positions(top, bottom, size[1], mask.shape[0])
    if columns is None or rows is None:
        return None
    probabilities = _weights(rows[1], mask.shape[0]) @ mask @ _weights(columns[1], mask.shape[1]).T
    part = crop(probabilities > threshold)
    if part is None:
        return None
    return Crop(part.bitmap, part.left + columns[0], part.top + rows[0])


def _positions(start: float, end: float, length: int, cells: int) -> tuple[int, Matrix] | None:
    """Return the first pixel with its centre in start..end, and the mask positions of all.

    A position counts cells from centre to centre: 0 is the middle of the first one.
    """
    first = max(0, math.ceil(start - 0.5))
    last = min(length, math.ceil(end - 0.5))
    if first >= last:
        return None
    centers = np.arange(first, last) + 0.5
    return first, np.asarray((centers - start) / (end - start) * cells - 0.5, np.float64)


def _weights(positions: Matrix, cells: int) -> Matrix:
    """Return [N, cells]: the weight of each cell at each position."""
    clipped = positions.clip(0, cells - 1)
    distance = np.abs(clipped[:, None] - np.arange(cells))
    return np.maximum(0.0, 1.0 - distance)
