"""A mask of 127x127 brought back to the image, and the outlines of it."""

import math
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from siammask.geometry import Target
from siammask.network import FINE_MASK, SEARCH, STRIDE

Bitmap = NDArray[np.bool_]

_THRESHOLD: Final = 0.35
_LEAST_AREA: Final = 100.0
# The mask of row 0, column 0 begins so many places above and left of the search image.
_MARGIN: Final = 4


class Square(NamedTuple):
    """A square of an image: its left and top edge and its side, in pixels."""

    left: float
    top: float
    side: float


def mask_square(centre: tuple[float, float], side: int, row: int, column: int) -> Square:
    """Return what the mask at a place of the maps covers.

    Args:
        centre: x and y of the middle of the search square.
        side: Side of the search square in pixels of the image.
        row: Row of the place in the maps of 25x25.
        column: Its column.
    """
    scale = side / SEARCH
    left, top = (
        value - side / 2 + (place - _MARGIN) * STRIDE * scale
        for value, place in zip(centre, (column, row), strict=True)
    )
    return Square(left, top, FINE_MASK * scale)


def paste(mask: NDArray[np.float32], square: Square, size: tuple[int, int]) -> Bitmap:
    """Return bool [height, width]: where the image shows the object.

    Args:
        mask: float32 [127, 127], probabilities 0..1.
        square: What it covers.
        size: Width and height of the image.
    """
    scale = FINE_MASK / square.side
    # The first and the last pixel of the image fall on the ends of the square's extent.
    across, down = ((length - 1) / (length * scale) for length in size)
    _, right = _reach(square.left, scale, across, size[0])
    first, bottom = _reach(square.top, scale, down, size[1])
    pasted = np.zeros((size[1], size[0]), np.bool_)
    if right <= 0 or bottom <= first:
        return pasted
    # Only what the mask reaches is computed. Columns are counted from the image's edge all the
    # same, for OpenCV rounds their places one by one.
    mapping = np.array(
        [
            (across, 0, across * (square.left * scale)),
            (0, down, down * (square.top * scale) - first),
        ]
    )
    part = cv2.warpAffine(
        mask,
        mapping,
        (right, bottom - first),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=-1,
    )
    pasted[first:bottom, :right] = part > _THRESHOLD
    return pasted


def _reach(start: float, scale: float, step: float, length: int) -> tuple[int, int]:
    """Return the first pixel of an image that a mask reaches, and the first beyond it."""
    edges = (step * (start * scale + place) for place in (-1, FINE_MASK))
    first, last = (min(max(edge, -1.0), length + 1.0) for edge in edges)
    return max(math.floor(first) - 1, 0), min(math.ceil(last) + 2, length)


def turned_box(bitmap: Bitmap, target: Target) -> tuple[Target, float]:
    """Return the smallest turned rectangle around the object, and its degrees clockwise.

    That is around the largest part of `bitmap`, through the middles of its outer pixels. When
    nothing larger than 100 pixels is in it, it is `target`, upright.
    """
    contours, _ = cv2.findContours(bitmap.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    areas = [cv2.contourArea(contour) for contour in contours]
    if not areas or max(areas) <= _LEAST_AREA:
        return target, 0.0
    (x, y), (width, height), degrees = cv2.minAreaRect(contours[int(np.argmax(areas))])
    return Target(x, y, width, height), degrees
