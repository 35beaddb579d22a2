"""Enlarges the masks of objects, small maps of probabilities or logits, to pixels of the image.

He, Gkioxari, Dollar and Girshick, "Mask R-CNN" (2017): a map covers a box, for Mask R-CNN that of
its object. Each pixel whose centre is in the box gets the value at its centre, interpolated between
the centres of the cells: linearly, since cubic interpolation overshoots.
"""

import math
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from modelyard.imaging import Crop, crop

Box = tuple[float, float, float, float]


class _Axis(NamedTuple):
    """The columns, or rows, of the image whose centres are in a map's box.

    Attributes:
        first: The first of them.
        end: The one after the last.
        cells: intp [N], the first of the two cells with a weight at each.
        weights: floats [N, all cells]: the weight of each cell.
    """

    first: int
    end: int
    cells: NDArray[np.intp]
    weights: NDArray[Any]

    @classmethod
    def of(cls, start: float, end: float, length: int, count: int, dtype: np.dtype[Any]) -> Self:
        """Return the axis for a map of `count` cells from `start` to `end` of `length` pixels."""
        first, beyond = _pixels(start, end, 0, length)
        centers = np.arange(first, beyond) + 0.5
        # Counted from centre to centre: 0 is the middle of the first cell.
        positions = ((centers - start) / (end - start) * count - 0.5).clip(0, count - 1)
        cells = positions.astype(np.intp)
        share = positions - cells
        weights = np.zeros((len(cells), count), dtype)
        numbers = np.arange(len(cells))
        weights[numbers, cells] = 1 - share
        weights[numbers, np.minimum(cells + 1, count - 1)] += share
        return cls(first, beyond, cells, weights)

    def within(self, start: float, end: float) -> tuple[int, slice, NDArray[Any]] | None:
        """Return the part between two coordinates: its first pixel, cells and their weights."""
        first, end = _pixels(start, end, self.first, self.end)
        if first >= end:
            return None
        pixels = slice(first - self.first, end - self.first)
        cells = slice(
            int(self.cells[pixels.start]),
            min(int(self.cells[pixels.stop - 1]) + 2, self.weights.shape[1]),
        )
        return first, cells, self.weights[pixels, cells]


class Window(NamedTuple):
    """The part of a map that determines the pixels in a box.

    Attributes:
        rows: Of cells.
        columns: Of cells.
        left: Column of the first pixel.
        top: Row of the first pixel.
        across: [w, columns], the weight of each column of cells for each column of pixels.
        down: [h, rows], the same for rows.
    """

    rows: slice
    columns: slice
    left: int
    top: int
    across: NDArray[Any]
    down: NDArray[Any]

    def paste(self, cells: NDArray[Any], threshold: float) -> Crop | None:
        """Return the smallest crop with the pixels whose value is above the threshold.

        Args:
            cells: [rows, columns] of this window.
            threshold: Pixels with a higher value belong to the object.

        Returns:
            Arguments of `annotation.Mask`; None if no pixel belongs to it.
        """
        part = crop(self.down @ (cells @ self.across.T) > threshold)
        if part is None:
            return None
        return Crop(part.bitmap, part.left + self.left, part.top + self.top)


class Cover(NamedTuple):
    """Where maps of one size lie in an image, for any number of them."""

    columns: _Axis
    rows: _Axis

    @classmethod
    def of(
        cls, box: Box, size: tuple[int, int], cells: tuple[int, int], dtype: np.dtype[Any]
    ) -> Self:
        """Return where maps lie.

        Args:
            box: What the maps cover: left, top, right, bottom in pixels; may extend beyond the
                image.
            size: Width and height of the image.
            cells: Columns and rows of the maps.
            dtype: Of their values, which are floats.
        """
        left, top, right, bottom = box
        return cls(
            _Axis.of(left, right, size[0], cells[0], dtype),
            _Axis.of(top, bottom, size[1], cells[1], dtype),
        )

    def window(self, box: Box) -> Window | None:
        """Return the part for the pixels whose centre is in a box; None if there are none."""
        left, top, right, bottom = box
        columns, rows = self.columns.within(left, right), self.rows.within(top, bottom)
        if columns is None or rows is None:
            return None
        return Window(rows[1], columns[1], columns[0], rows[0], columns[2], rows[2])


def paste(
    mask: NDArray[np.floating[Any]], box: Box, size: tuple[int, int], threshold: float = 0.5
) -> Crop | None:
    """Return the pixels of an object as arguments of `annotation.Mask`.

    Args:
        mask: [h, w] probabilities 0..1, or logits, over the box.
        box: left, top, right, bottom in pixels; may extend beyond the image.
        size: Width and height of the image.
        threshold: Pixels with a higher value belong to the object.

    Returns:
        The smallest crop with the object; None if no pixel of the image belongs to it.
    """
    height, width = mask.shape
    window = Cover.of(box, size, (width, height), mask.dtype).window(box)
    return None if window is None else window.paste(mask[window.rows, window.columns], threshold)


def _pixels(start: float, end: float, first: int, beyond: int) -> tuple[int, int]:
    """Return the first pixel with its centre between `start` and `end`, and the one after the last.

    Only of the pixels `first` to `beyond`, exclusive.
    """
    return (
        max(first, math.ceil(start - 0.5)),
        min(beyond, math.ceil(end - 0.5)),
    )
