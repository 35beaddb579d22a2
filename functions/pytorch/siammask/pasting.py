"""Pasting of a 127x127 mask into the image, and its outlines."""

import math
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from siammask.geometry import Target
from siammask.sizes import FINE_MASK, SEARCH, STRIDE

Bitmap = NDArray[np.bool_]

_THRESHOLD: Final = 0.35
_LEAST_AREA: Final = 100.0
# The mask of row 0, column 0 begins this many positions above and left of the search image.
_MARGIN: Final = 4


class Square(NamedTuple):
    """A square of an image: its left and top edge and its side, in pixels."""

    left: float
    top: float
    side: float


def mask_square(centre: tuple[float, float], side: int, row: int, column: int) -> Square:
    """Return the square that the mask at a position of the maps covers.

    Args:
        centre: x and y of the centre of the search square.
        side: Side of the search square in pixels of the image.
        row: Row of the position in the 25x25 maps.
        column: Its column.
    """
    scale = side / SEARCH
    left, top = (
        value - side / 2 + (place - _MARGIN) * STRIDE * scale
        for value, place in zip(centre, (column, row), strict=True)
    )
    return Square(left, top, FINE_MASK * scale)


def paste(mask: NDArray[np.float32], square: Square, size: tuple[int, int]) -> Bitmap:
    """Return the object's mask in the image, bool [height, width].

    Args:
        mask: float32 [127, 127], probabilities 0..1.
        square: What it covers.
        size: Width and height of the image.
    """
    scale = FINE_MASK / square.side
    # The first and the last pixel of the image map to the ends of the square's extent.
    across, down = ((length - 1) / (length * scale) for length in size)
    _, right = _reach(square.left, scale, across, size[0])
    first, bottom = _reach(square.top, scale, down, size[1])
    pasted = np.zeros((size[1], size[0]), np.bool_)
    if right <= 0 or bottom <= first:
        return pasted
    # Only the extent of the mask is computed. Columns are still counted from the image's edge,
    # because OpenCV rounds their positions one by one.
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
    """Return the range of image pixels that a mask covers, end exclusive."""
    edges = (step * (start * scale + place) for place in (-1, FINE_MASK))
    first, last = (min(max(edge, -1.0), length + 1.0) for edge in edges)
    return max(math.floor(first) - 1, 0), min(math.ceil(last) + 2, length)


def turned_box(bitmap: Bitmap, target: Target) -> tuple[Target, float]:
    """Return the smallest rotated rectangle around the object, and its angle in degrees clockwise.

    It encloses the largest part of `bitmap`, through the centres of its outer pixels. If that is
    not larger than 100 pixels, the result is `target`, upright.
    """
    contours, _ = cv2.findContours(bitmap.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    areas = [cv2.contourArea(contour) for contour in contours]
    if not areas or max(areas) <= _LEAST_AREA:
        return target, 0.0
    (x, y), (width, height), degrees = cv2.minAreaRect(contours[int(np.argmax(areas))])
    return Target(x, y, width, height), degrees
