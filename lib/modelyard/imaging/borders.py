"""The outer outlines of a mask's connected parts, along the edges of pixels.

OpenCV's contours run through the centres of the border's pixels and lose half a pixel on every
side. They run counterclockwise on the screen, with the background to the right of the direction of
travel, so the steps into and out of a pixel say which of its sides are outer ones.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Vertices = NDArray[np.int32]
"""int32 [N, 2]: x, y of corners of pixels."""

_CORNERS: Final = np.array([(0, 0), (0, 1), (1, 1), (1, 0)], np.int32)
"""Of a pixel, counterclockwise on the screen; side k is from corner k to the next."""

_DIRECTIONS: Final = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))
"""Steps x, y to a neighbour, counterclockwise: down, down and right, right and so on."""

_ROW: Final = 3
_STEPS: Final = 9
"""With pixels numbered x + 3 y, those around one differ from it by -4 to 4."""


def borders(mask: NDArray[np.uint8]) -> list[Vertices]:
    """Return the outline of each part of a mask [height, width]: the vertices where it turns.

    Pixels that touch at a corner are one part; holes are ignored. An outline begins at the upper
    left corner of the leftmost pixel in its top row.
    """
    return borders_of([mask])[0]


def borders_of(masks: Iterable[NDArray[np.uint8]]) -> list[list[Vertices]]:
    """Return what `borders` does of each of many masks, in a fraction of the time."""
    found = [cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0] for mask in masks]
    outlines = iter(_around([contour for contours in found for contour in contours]))
    return [list(islice(outlines, len(contours))) for contours in found]


def _around(found: Sequence[NDArray[Any]]) -> list[Vertices]:
    """Return the outlines around OpenCV's contours [N, 1, 2] of all their pixels."""
    if not found:
        return []
    # All at once, since there may be thousands of specks.
    pixels = np.concatenate(found).reshape(-1, 2)
    ends = np.cumsum([len(contour) for contour in found])
    last = ends - 1
    first = np.concatenate(([0], ends[:-1]))
    place = pixels[:, 0] + pixels[:, 1] * _ROW
    leave = np.empty_like(place)
    np.subtract(place[1:], place[:-1], out=leave[:-1])
    leave[last] = place[first] - place[last]
    enter = np.empty_like(leave)
    enter[1:] = leave[:-1]
    enter[first] = leave[last]
    steps = enter * _STEPS + leave
    # Most pixels are on a straight side, and have none.
    turning = np.flatnonzero(_TURNS_ANYWHERE.take(steps, mode="wrap"))
    turns = _TURNS.take(steps.take(turning), axis=0, mode="wrap")
    taken = np.flatnonzero(turns >= 0)
    vertices = pixels.take(turning.take(taken >> 2), axis=0)
    vertices += _CORNERS.take(turns.ravel().take(taken), axis=0)
    stops = taken.searchsorted(turning.searchsorted(ends) * len(_CORNERS)).tolist()
    # How many turns of the first pixel come before its upper left corner.
    early = (_TURNS.take(steps.take(first), axis=0, mode="wrap") == 0).argmax(axis=1).tolist()
    return [
        np.concatenate((vertices[start + skip : stop], vertices[start : start + skip]))
        for start, stop, skip in zip([0, *stops[:-1]], stops, early, strict=True)
    ]


def _table() -> NDArray[np.int8]:
    """Return [81, 4]: by the steps into and out of a pixel, the corners at which it turns.

    They are in order, followed by -1 where there are fewer than four.
    """
    table = np.full((_STEPS**2, len(_CORNERS)), -1, np.int8)
    # A part of one pixel.
    table[0] = range(len(_CORNERS))
    for number, (enter_x, enter_y) in enumerate(_DIRECTIONS):
        for other, (leave_x, leave_y) in enumerate(_DIRECTIONS):
            # Down, and down and right, arrive at corner 0; down and left, and down, leave at 1.
            start, end = number // 2, (other + 1) // 2 + 1
            sides = (end - start) % 4 or 4
            corners = [(start + k) % 4 for k in range(sides)]
            if enter_x == 0 or enter_y == 0:
                # The first side continues the neighbour's last one.
                del corners[0]
            row = (enter_x + _ROW * enter_y) * _STEPS + leave_x + _ROW * leave_y
            table[row, : len(corners)] = corners
    return table


_TURNS: Final = _table()
_TURNS_ANYWHERE: Final = _TURNS[:, 0] >= 0
