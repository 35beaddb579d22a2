"""Boxes as arrays: area, overlap, decoding of deltas, non-maximum suppression (NMS).

Boxes are float arrays [N, 4] of left, top, right, bottom in any unit; no pixel is
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
"""The cap on the log scale of a side in Caffe2's detectors and detectron2."""

# So far from 0, float64 still has 28 binary digits after the point.
_FARTHEST: Final = 2**24
_SMALLEST: Final = 1e-6
"""Pixels."""


def areas(boxes: Boxes) -> Matrix:
    """Return the areas [N] of boxes [N, 4]; 0 where an edge is on the wrong side."""
    sides = np.clip(boxes[:, 2:].astype(np.float64) - boxes[:, :2], 0, None)
    return np.asarray(sides[:, 0] * sides[:, 1])


def intersections(first: Boxes, second: Boxes) -> Matrix:
    """Return the areas [N, M] of overlap between each of `first` [N, 4] and `second` [M, 4]."""
    near = np.maximum(first[:, None, :2], second[None, :, :2])
    far = np.minimum(first[:, None, 2:], second[None, :, 2:])
    sides = np.clip(far.astype(np.float64) - near, 0, None)
    return np.asarray(sides[..., 0] * sides[..., 1])


def iou_matrix(first: Boxes, second: Boxes) -> Matrix:
    """Return the intersection over union 0..1, [N, M], of each of `first` and `second`.

    It is 0 for two boxes without area, even for identical ones.
    """
    shared = intersections(first, second)
    union = areas(first)[:, None] + areas(second)[None, :] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def apply_deltas(boxes: NDArray[np.float32], deltas: NDArray[np.float32]) -> NDArray[np.float32]:
    """Apply box regression deltas [N, 4] to boxes [N, 4]; return float32 [N, 4].

    The encoding of Girshick et al. 2013 (https://arxiv.org/abs/1311.2524): offsets of the centre in
    units of the box's sides, and the log scale of each side, capped at `LARGEST_GROWTH`.
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
    keep_empty: bool = False,
) -> Indices:
    """Return the indices of the boxes to keep, best score first; ties keep their order.

    A box is dropped if its intersection over union with a better box that is
    kept exceeds `threshold`. Boxes with NaN or infinity are always dropped.

    Args:
        boxes: [N, 4].
        scores: [N], in any range.
        threshold: 0..1.
        classes: [N]; if given, boxes suppress only boxes of their own class.
        limit: Keep at most this many.
        keep_empty: Keep all boxes without area, which overlap nothing, as
            `tf.image.non_max_suppression` does; by default they are dropped.
    """
    finite = np.isfinite(boxes).all(axis=1) & np.isfinite(scores)
    ranked = np.argsort(-scores, kind="stable")
    ranked = ranked[finite[ranked]]
    solid = areas(boxes[ranked]) > 0
    rivals = ranked[solid]
    kept = np.flatnonzero(solid)[
        _positions_kept(boxes[rivals], threshold, None if classes is None else classes[rivals])
    ]
    if keep_empty:
        kept = np.concatenate((kept, np.flatnonzero(~solid)))
    return np.asarray(ranked[np.sort(kept)][:limit], np.int64)


def _positions_kept(
    boxes: Boxes, threshold: float, classes: NDArray[np.integer[Any]] | None
) -> Indices:
    """Return the positions to keep; boxes are sorted, best first."""
    if classes is None or not len(boxes):
        return _suppress(boxes, threshold)
    # Moved apart by more than the extent of all boxes, classes do not overlap. The method
    # cv2.dnn.NMSBoxesBatched does so by the largest coordinate, which is not enough once a
    # coordinate is negative.
    labels, ranks = np.unique(classes, return_inverse=True)
    step = math.ceil(float(boxes.max()) - float(boxes.min())) + 1
    # OpenCV takes two boxes of hardly any area for the same, wherever they are.
    if step * len(labels) <= _FARTHEST and areas(boxes).min() > _SMALLEST:
        return _suppress(boxes + (ranks * float(step))[:, None], threshold)
    groups = (np.flatnonzero(ranks == rank) for rank in range(len(labels)))
    return np.concatenate([group[_suppress(boxes[group], threshold)] for group in groups])


def _suppress(boxes: Boxes, threshold: float) -> Indices:
    rectangles = boxes.astype(np.float64)
    rectangles[:, 2:] -= rectangles[:, :2]
    # Descending ranks replace the scores, since OpenCV drops scores that are not positive.
    ranks = np.arange(len(boxes), 0, -1, dtype=np.float32)
    # OpenCV's type hints do not include the arrays that it accepts.
    kept = cv2.dnn.NMSBoxes(cast(Any, rectangles), cast(Any, ranks), 0.0, threshold)
    return np.array(kept, np.int64)
