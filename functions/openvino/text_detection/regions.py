"""Decoding of a text probability map to quadrilaterals around lines of text."""

from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

# A pixel is text from this probability on.
_TEXT: Final = 0.3
# The unclip ratio, times area by perimeter: the network marks only the core of a line.
_UNCLIP: Final = 1.5
_MOST: Final = 1000
_SHORTEST_CORE: Final = 3.0
_SHORTEST: Final = 5.0

Quads = NDArray[np.float32]


class Regions(NamedTuple):
    """Quadrilaterals [N, 4, 2], x and y of their corners, and scores [N] in 0..1.

    The corners are in clockwise order; the first is the top left of a line written from left to
    right. Coordinates are continuous: the pixel in column i covers i..i+1.
    """

    quads: Quads
    scores: NDArray[np.float32]


def find_regions(probabilities: NDArray[np.float32], threshold: float) -> Regions:
    """Return the lines of text in a map, in reading order.

    Args:
        probabilities: float32 [height, width], 0..1.
        threshold: Minimum mean probability within a line's core.
    """
    marked = cv2.dilate((probabilities > _TEXT).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, hierarchy = cv2.findContours(marked, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return Regions(np.empty((0, 4, 2), np.float32), np.empty(0, np.float32))
    # Contours with a parent are holes.
    outer = np.flatnonzero(hierarchy[0, :, 3] < 0)[:_MOST]
    cores = [cv2.minAreaRect(contours[index]) for index in outer]
    cores = [core for core in cores if min(core[1]) >= _SHORTEST_CORE]
    scored = [(core, _mean_inside(probabilities, _corners(core))) for core in cores]
    kept = [(_grown(core), score) for core, score in scored if score >= threshold]
    kept = [(rectangle, score) for rectangle, score in kept if min(rectangle[1]) >= _SHORTEST]
    quads = np.array([_corners(rectangle) for rectangle, _ in kept], np.float32)
    quads = clockwise(quads.reshape(-1, 4, 2))
    scores = np.array([score for _, score in kept], np.float32)
    order = reading_order(quads)
    return Regions(quads[order], scores[order])


def _mean_inside(probabilities: NDArray[np.float32], corners: Quads) -> float:
    """Return the mean over the pixels within a quadrilateral, including its border."""
    limits = np.array(probabilities.shape[::-1]) - 1
    near = np.clip(np.floor(corners.min(axis=0)), 0, limits).astype(int)
    far = np.clip(np.ceil(corners.max(axis=0)), 0, limits).astype(int)
    part = probabilities[near[1] : far[1] + 1, near[0] : far[0] + 1]
    mask = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(mask, [(corners - near).astype(np.int32)], 1)
    return min(float(cv2.mean(part, mask)[0]), 1.0)


def _corners(rectangle: cv2.typing.RotatedRect) -> Quads:
    return np.asarray(cv2.boxPoints(rectangle), np.float32)


def _grown(core: cv2.typing.RotatedRect) -> cv2.typing.RotatedRect:
    """Return the rotated rectangle around a core's outline, expanded.

    Offsetting a rectangle gives one with round corners, whose bounding rectangle is larger by twice
    the distance. Contours run through pixel centres, so half a pixel is added on each side.
    """
    (x, y), (width, height), angle = core
    growth = 2 * _UNCLIP * width * height / (2 * (width + height)) + 1
    return (x + 0.5, y + 0.5), (width + growth, height + growth), angle


def clockwise(quads: Quads) -> Quads:
    """Order the corners of quadrilaterals [N, 4, 2]: top left, top right, bottom right and left.

    The first is the upper one of the two leftmost corners.
    """
    by_x = np.take_along_axis(quads, np.argsort(quads[:, :, :1], axis=1, kind="stable"), axis=1)
    left, right = by_x[:, :2], by_x[:, 2:]
    left = np.take_along_axis(left, np.argsort(left[:, :, 1:], axis=1, kind="stable"), axis=1)
    right = np.take_along_axis(right, np.argsort(right[:, :, 1:], axis=1, kind="stable"), axis=1)
    return np.stack([left[:, 0], right[:, 0], right[:, 1], left[:, 1]], axis=1)


def reading_order(quads: Quads) -> NDArray[np.int64]:
    """Return indices in reading order: lines from the top, within a line from the left.

    Regions whose first corners are less than half of the lower height apart are one line.
    """
    tops, lefts = quads[:, 0, 1], quads[:, 0, 0]
    down = np.argsort(tops, kind="stable")
    heights = np.linalg.norm(quads[:, 0] - quads[:, 3], axis=1)[down]
    gaps = np.diff(tops[down]) >= np.minimum(heights[1:], heights[:-1]) / 2
    lines = np.concatenate([np.zeros(min(len(quads), 1), np.int64), np.cumsum(gaps)])
    return np.asarray(down[np.lexsort((lefts[down], lines))], np.int64)
