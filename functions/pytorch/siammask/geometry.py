"""SiamMask's square crops around a target: in the first image, and in the following ones."""

import math
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from siammask.sizes import EXEMPLAR, SEARCH

Pixels = NDArray[np.uint8]
"""uint8 [height, width, 3]."""

_CONTEXT: Final = 0.5
# A larger square is subsampled to every n-th pixel: 200 MB are enough for 255 pixels per side.
_LARGEST: Final = 8192


class Target(NamedTuple):
    """An object's estimated position: centre and size in image pixels."""

    x: float
    y: float
    width: float
    height: float


def exemplar_side(target: Target) -> float:
    """Return the side in pixels of the square around a target with context."""
    margin = _CONTEXT * (target.width + target.height)
    return math.sqrt((target.width + margin) * (target.height + margin))


def search_side(target: Target) -> float:
    """Return the side in pixels of the search square.

    It has the same scale as the exemplar's square.
    """
    side = exemplar_side(target)
    return side + (SEARCH - EXEMPLAR) / (EXEMPLAR / side)


def cut(
    pixels: Pixels, centre: tuple[float, float], side: int, size: int, padding: tuple[float, ...]
) -> Pixels:
    """Crop a square from an image and scale it bilinearly.

    Args:
        pixels: uint8 [height, width, 3], any colour order.
        centre: x and y of the square's centre, where 0, 0 is the centre of the first pixel.
        side: Side of the square in pixels of the image, at least 1. Half pixels are rounded to the
            even column or row, as in the authors' Python code.
        size: Side of the result.
        padding: Colour outside the image, truncated to whole numbers.

    Returns:
        uint8 [size, size, 3].
    """
    if side > _LARGEST:
        step = math.ceil(side / _LARGEST)
        x, y = (value / step for value in centre)
        return cut(pixels[::step, ::step], (x, y), side // step, size, padding)
    height, width = pixels.shape[:2]
    left, top = (round(value - (side + 1) / 2) for value in centre)
    canvas = np.empty((side, side, 3), np.uint8)
    canvas[:] = np.array(padding).astype(np.uint8)
    columns = slice(max(left, 0), max(min(left + side, width), 0))
    rows = slice(max(top, 0), max(min(top + side, height), 0))
    inside = pixels[rows, columns]
    if inside.size:
        row, column = rows.start - top, columns.start - left
        canvas[row : row + inside.shape[0], column : column + inside.shape[1]] = inside
    return canvas if side == size else np.asarray(cv2.resize(canvas, (size, size)), np.uint8)
