"""ZoomIn: from the second click on, the network's input is an enlarged crop of the last mask."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Bitmap = NDArray[np.bool_]

TARGET: Final = 480
"""Longest side in pixels of the enlarged crop."""

_EXPANSION: Final = 1.4
_SMALLEST: Final = 200
_ENOUGH: Final = 0.5


class Click(NamedTuple):
    """A positive or negative click at a row and a column of an image."""

    positive: bool
    row: float
    column: float


class Region(NamedTuple):
    """A part of an image: its first and last row and column."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.bottom - self.top + 1, self.right - self.left + 1

    def shown(self, longest: int) -> tuple[int, int]:
        """Return height and width, scaled so that the longer of them is `longest`."""
        height, width = self.size
        scale = longest / max(height, width)
        return max(1, round(height * scale)), max(1, round(width * scale))

    def place(self, click: Click, shown: tuple[int, int]) -> Click:
        """Return a click in the coordinates of the region, scaled to that size."""
        (height, width), (rows, columns) = self.size, shown
        return Click(
            click.positive,
            rows * (click.row - self.top) / height,
            columns * (click.column - self.left) / width,
        )


def region_of(mask: Bitmap, clicks: Iterable[Click]) -> Region:
    """Return the region of an image around a mask and the positive clicks, with a margin.

    Args:
        mask: bool [height, width], not empty.
        clicks: In the image; negative ones are ignored.
    """
    height, width = mask.shape
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    inside = [click for click in clicks if click.positive]
    down = [int(rows[0]), int(rows[-1]), *(int(click.row) for click in inside)]
    across = [int(columns[0]), int(columns[-1]), *(int(click.column) for click in inside)]
    return Region(*_expanded(down, height), *_expanded(across, width))


def _expanded(places: list[int], length: int) -> tuple[int, int]:
    """Return 1.4 times the extent of positions, at least 200, clipped to 0..length - 1."""
    first, last = min(places), max(places)
    middle = 0.5 * (first + last)
    half = 0.5 * max(_EXPANSION * (last - first + 1), _SMALLEST)
    return max(0, round(middle - half)), min(length - 1, round(middle + half))


def next_region(before: Region | None, now: Region, clicks: Iterable[Click]) -> Region:
    """Return the region to use: the previous one as long as it still fits the object.

    It fits if it contains all positive clicks and overlaps by at least a half with `now`, the
    region of the last mask.
    """
    if before is None or overlap(before, now) < _ENOUGH:
        return now
    inside = all(
        before.top <= click.row < before.bottom and before.left <= click.column < before.right
        for click in clicks
        if click.positive
    )
    return before if inside else now


def overlap(first: Region, second: Region) -> float:
    """Return the product of the IoUs of the rows and of the columns."""
    down = _overlap(first[:2], second[:2])
    return down * _overlap(first[2:], second[2:])


def _overlap(first: tuple[int, ...], second: tuple[int, ...]) -> float:
    common = max(0, min(first[1], second[1]) - max(first[0], second[0]) + 1)
    return common / (max(first[1], second[1]) - min(first[0], second[0]) + 1)
