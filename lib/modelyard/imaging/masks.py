"""Converts masks to crops and outlines, and outlines to masks.

Outlines follow the outer edges of pixels in continuous coordinates: the mask of the one
pixel in column 2, row 5 has the outline (2, 5), (3, 5), (3, 6), (2, 6). So an outline has
the area of its mask, even for thin objects, and filling it restores the mask.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelyard.imaging.borders import Vertices, borders, borders_of

Bitmap = NDArray[np.bool_]
"""bool [height, width], True on the object."""

Outline = NDArray[np.float64]
"""float64 [N, 2]: the vertices x, y of a closed outline; the first is not repeated."""


class Crop(NamedTuple):
    """The part of a mask with the object: arguments of `annotation.Mask`.

    Attributes:
        bitmap: bool [h, w], a view if the mask was bool.
        left: Column of its first pixel in the mask.
        top: Row of its first pixel in the mask.
    """

    bitmap: Bitmap
    left: int
    top: int


def crop(mask: NDArray[np.generic]) -> Crop | None:
    """Return the smallest crop of a mask [height, width] with all nonzero pixels.

    Returns None if the mask is empty. `annotation.Mask(label, *crop)` creates its shape.
    """
    bitmap = mask.astype(np.bool_, copy=False)
    left, top, width, height = cv2.boundingRect(bitmap.view(np.uint8))
    if not width:
        return None
    return Crop(bitmap[top : top + height, left : left + width], left, top)


def polygons(
    mask: NDArray[np.generic],
    *,
    tolerance: float = 1.0,
    min_area: int = 1,
    limit: int | None = None,
) -> list[Outline]:
    """Return the outlines of the connected parts of a mask, largest area first.

    Pixels that touch at a corner are one part. Holes are ignored: CVAT's polygons
    have none.

    Args:
        mask: [height, width]; nonzero is the object.
        tolerance: How far in pixels simplification may move the line; 0 follows pixel edges
            exactly, 1 smooths the stairs.
        min_area: Parts with fewer pixels, holes included, are left out.
        limit: Return at most this many.
    """
    part = crop(mask)
    if part is None:
        return []
    exact = borders(part.bitmap.view(np.uint8))
    if len(exact) > 1:
        exact.sort(key=cv2.contourArea, reverse=True)
    kept = [
        outline
        for outline in exact[:limit]
        # A pixel has the area 1.
        if min_area <= 1 or cv2.contourArea(outline) >= min_area
    ]
    corner = np.array((part.left, part.top))
    return [_simplified(outline, tolerance) + corner for outline in kept]


def outlines(crops: Iterable[Crop]) -> list[Outline]:
    """Return the outline of each crop's largest connected part, as `polygons` does by default.

    Coordinates are those of the mask, not of the crop. A crop has at least one pixel of the object.
    """
    crops = list(crops)
    exact = borders_of(part.bitmap.view(np.uint8) for part in crops)
    return [
        _simplified(_largest(found), 1.0) + np.array((part.left, part.top))
        for part, found in zip(crops, exact, strict=True)
    ]


def parts(mask: Bitmap) -> Iterator[tuple[int, Crop]]:
    """Yield area and pixels of each part of a mask; pixels that touch at a corner are connected.

    A part has only its own pixels, whatever else is within its box.
    """
    count, numbers, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    for number in range(1, count):
        left, top, width, height, area = stats[number].tolist()
        bitmap = numbers[top : top + height, left : left + width] == number
        yield area, Crop(bitmap, left, top)


def fill(outline: ArrayLike, size: tuple[int, int]) -> Bitmap:
    """Return bool [height, width]: the pixels whose centre is inside an outline.

    Uses the even-odd rule, so an outline that crosses itself leaves holes. A centre exactly on
    the line belongs to the side to the right or below.

    Args:
        outline: Flat `x0, y0, …` or [N, 2]; may extend beyond the image.
        size: Width and height of the mask in pixels.
    """
    width, height = size
    start = np.asarray(outline, np.float64).reshape(-1, 2)
    rows, crossings = _crossings(start, np.roll(start, -1, axis=0), height)
    # Toggles the first pixel whose centre is not left of the crossing, and all after it.
    columns = np.ceil(crossings - 0.5).clip(0, width).astype(np.intp)
    changes = np.bincount(rows * (width + 1) + columns, minlength=height * (width + 1))
    sides = np.cumsum(changes.reshape(height, width + 1)[:, :width], axis=1)
    return (sides & 1).astype(np.bool_)


def _largest(found: list[Vertices]) -> Vertices:
    return found[0] if len(found) == 1 else max(found, key=cv2.contourArea)


def _simplified(outline: NDArray[np.int32], tolerance: float) -> Outline:
    """Drop vertices (Douglas and Peucker, 1973) unless no area would remain."""
    for allowed in (tolerance, 0.0):
        simple = cv2.approxPolyDP(outline, allowed, closed=True)
        if len(simple) >= 3 and cv2.contourArea(simple) > 0:
            break
    return simple.reshape(-1, 2).astype(np.float64)


def _crossings(
    start: Outline, end: Outline, height: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return where edges cross the centre lines of the rows: row numbers and x, both [K]."""
    upper, lower = np.where((start[:, 1:] <= end[:, 1:]), (start, end), (end, start))
    first = np.ceil(upper[:, 1] - 0.5).clip(0, height).astype(np.intp)
    beyond = np.ceil(lower[:, 1] - 0.5).clip(0, height).astype(np.intp)
    counts = beyond - first
    edge = np.repeat(np.arange(len(start)), counts)
    # Number the rows of each edge from its first.
    rows = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
    step = lower - upper
    along = (rows + 0.5 - upper[edge, 1]) / step[edge, 1]
    return rows, upper[edge, 0] + along * step[edge, 0]
