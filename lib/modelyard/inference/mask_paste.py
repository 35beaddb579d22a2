"""Masks over boxes, as Mask R-CNN gives them, as pixels of the image.

He, Gkioxari, Dollar and Girshick, "Mask R-CNN" (2017): each object has a small square of chances
that covers its box. The pixels are those whose centre lies in the box; each gets the chance at
its centre, interpolated between the centres of the square's cells (linearly, so that no value
leaves their range, as cubic interpolation would).
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
    """Return the pixels of an object: the arguments of `annotation.Mask`.

    Args:
        mask: [h, w] chances 0..1 over the box.
        box: left, top, right, bottom in pixels; may reach beyond the image.
        size: Width and height of the image.
        threshold: A pixel of a higher chance is on the object.

    Returns:
        The least crop that holds the object; None when no pixel of the image is on it.
    """
    left, top, right, bottom = box
    columns = _positions(left, right, size[0], mask.shape[1])
    rows = _positions(top, bottom, size[1], mask.shape[0])
    if columns is None or rows is None:
        return None
    chances = _weights(rows[1], mask.shape[0]) @ mask @ _weights(columns[1], mask.shape[1]).T
    part = crop(chances > threshold)
    if part is None:
        return None
    return Crop(part.bitmap, part.left + columns[0], part.top + rows[0])


def _positions(start: float, end: float, length: int, cells: int) -> tuple[int, Matrix] | None:
    """Return the first pixel with its centre in start..end, and where in the mask they all lie.

    A position counts cells from centre to centre: 0 is the middle of the first one.
    """
    first = max(0, math.ceil(start - 0.5))
    last = min(length, math.ceil(end - 0.5))
    if first >= last:
        return None
    centers = np.arange(first, last) + 0.5
    return first, np.asarray((centers - start) / (end - start) * cells - 0.5, np.float64)


def _weights(positions: Matrix, cells: int) -> Matrix:
    """Return [N, cells]: how much of each cell's value each position gets."""
    clipped = positions.clip(0, cells - 1)
    distance = np.abs(clipped[:, None] - np.arange(cells))
    return np.maximum(0.0, 1.0 - distance)
