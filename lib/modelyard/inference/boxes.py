"""Boxes as arrays: area, overlap, how networks say where they are, non-maximum suppression.

Boxes are float arrays [N, 4] of left, top, right, bottom; any unit, no pixel is
added to the right or bottom edge.
"""

import math
from typing import Any, Final, cast

import cv2
import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.floating[Any]]
Matrix = NDArray[np.float64]
Indices = NDArray[np.int64]

LARGEST_GROWTH: Final = math.log(1000 / 16)
"""The cap that Caffe2's detectors, and detectron2 after them, put on a side's growth."""


def areas(boxes: Boxes) -> Matrix:
    """Return the areas [N] of boxes [N, 4]; 0 where an edge is on the wrong side."""
    sides = np.clip(boxes[:, 2:].astype(np.float64) - boxes[:, :2], 0, None)
    return np.asarray(sides[:, 0] * sides[:, 1])


def intersections(first: Boxes, second: Boxes) -> Matrix:
    """Return the areas [N, M] that each of `first` [N, 4] shares with each of `second` [M, 4]."""
    near = np.maximum(first[:, None, :2], second[None, :, :2])
    far = np.minimum(first[:, None, 2:], second[None, :, 2:])
    sides = np.clip(far.astype(np.float64) - near, 0, None)
    return np.asarray(sides[..., 0] * sides[..., 1])


def iou_matrix(first: Boxes, second: Boxes) -> Matrix:
    """Return intersection over union, 0..1, [N, M], of each of `first` with each of `second`.

    Two boxes without area have none, not even with themselves.
    """
    shared = intersections(first, second)
    union = areas(first)[:, None] + areas(second)[None, :] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def moved(boxes: NDArray[np.float32], deltas: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the boxes float32 [N, 4] that `deltas` [N, 4] make of `boxes` [N, 4].

    The coding of Girshick et al. 2013 (https://arxiv.org/abs/1311.2524): a shift of the centre in
    x and y, in units of the given box's sides, and the logarithm of how much each side grows, of
    which no more than `LARGEST_GROWTH` counts.
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    centres = boxes[:, :2] + sides / 2 + deltas[:, :2] * sides
    halves = sides * np.exp(np.minimum(deltas[:, 2:], LARGEST_GROWTH)) / 2
    return np.concatenate((centres - halves, centres + halves), axis=1).astype(np.float32)


def nms(
    boxes: Boxes,
    scores: NDArray[np.floating[Any]],
    threshold: float,
    *,
    classes: NDArray[np.integer[Any]] | None = None,
    limit: int | None = None,
) -> Indices:
    """Return which boxes to keep, best score first; of equal scores the first one first.

    A box goes if a better one, that is kept, overlaps it with an intersection
    over union above `threshold`. Boxes without area and those with NaN or
    infinity always go.

    Args:
        boxes: [N, 4].
        scores: [N], of any range.
        threshold: 0..1.
        classes: [N]; if given, boxes suppress only boxes of their own class.
        limit: Keep at most so many.
    """
    usable = np.isfinite(boxes).all(axis=1) & np.isfinite(scores) & (areas(boxes) > 0)
    ranked = np.argsort(-scores, kind="stable")
    ranked = ranked[usable[ranked]]
    kept = _positions_kept(boxes[ranked], threshold, None if classes is None else classes[ranked])
    return np.asarray(ranked[np.sort(kept)][:limit], np.int64)


def _positions_kept(
    boxes: Boxes, threshold: float, classes: NDArray[np.integer[Any]] | None
) -> Indices:
    """Return the positions to keep of boxes that are sorted, best first."""
    if classes is None:
        return _suppress(boxes, threshold)
    # One call for each class: cv2.dnn.NMSBoxesBatched moves the classes apart by
    # the largest coordinate, which is not enough once a coordinate is negative.
    groups = (np.flatnonzero(classes == label) for label in np.unique(classes))
    kept = [group[_suppress(boxes[group], threshold)] for group in groups]
    return np.concatenate(kept) if kept else np.empty(0, np.int64)


def _suppress(boxes: Boxes, threshold: float) -> Indices:
    rectangles = boxes.astype(np.float64)
    rectangles[:, 2:] -= rectangles[:, :2]
    # Falling ranks stand for the scores, for OpenCV drops scores that are not positive.
    ranks = np.arange(len(boxes), 0, -1, dtype=np.float32)
    # The types that OpenCV declares leave out the arrays that it takes.
    kept = cv2.dnn.NMSBoxes(cast(Any, rectangles), cast(Any, ranks), 0.0, threshold)
    return np.array(kept, np.int64)
