"""From the network's answers to objects."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from modelyard.inference.boxes import moved, nms
from modelyard.inference.yolo_v3 import sigmoid
from retinanet_r101.anchors import anchors

CLASSES: Final = 80
ANCHORS: Final = 9
"""Anchors of a cell."""
STRIDES: Final = (8, 16, 32, 64, 128)
"""Pixels of the input from one cell to the next, of each map."""

# Logits are compared with a little slack, and the scores that pass exactly.
_SLACK: Final = 1e-3
# In float32 the sigmoid of what is a little above this is 1.
_SURE: Final = 16.0


class Seen(NamedTuple):
    """What a map says of those of its anchors that may have found something.

    Attributes:
        rows: int64 [N], which anchors; cells go row by row, and nine anchors a cell.
        logits: float32 [N, 80]; the sigmoid of one is the score of a class.
        deltas: float32 [N, 4], how each anchor differs from its object.
    """

    rows: NDArray[np.int64]
    logits: NDArray[np.float32]
    deltas: NDArray[np.float32]


class Objects(NamedTuple):
    """Objects, the best first.

    Attributes:
        boxes: float32 [N, 4] of left, top, right, bottom in pixels of the input, unclipped.
        scores: float32 [N], 0..1.
        classes: int64 [N], 0..79.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]


def least_logit(threshold: float) -> float:
    """Return the logit below which no score reaches `threshold` (0..1)."""
    if threshold <= 0:
        return -math.inf
    logit = math.log(threshold / (1 - threshold)) if threshold < 1 else math.inf
    return min(logit, _SURE) - _SLACK


def decode(
    maps: Sequence[Seen],
    size: tuple[int, int],
    threshold: float,
    *,
    candidates: int,
    overlap: float,
    limit: int,
    classes: NDArray[np.bool_],
) -> Objects:
    """Return what the network sees with a score of at least `threshold`.

    Args:
        maps: The network's answer, a part for each of `STRIDES`: all with a logit of at least
            `least_logit(threshold)`, others do no harm.
        size: Height and width of the input.
        threshold: 0..1.
        candidates: From each map, this many best pairs of anchor and class are looked at.
        overlap: Boxes of a class with a higher intersection over union are one object.
        limit: The most objects.
        classes: bool [80], which classes to report.
    """
    found = [
        _of_map(seen, stride, size, threshold, candidates)
        for seen, stride in zip(maps, STRIDES, strict=True)
    ]
    boxes, scores, labels = (np.concatenate(parts) for parts in zip(*found, strict=True))
    wanted = np.flatnonzero(classes[labels])
    kept = wanted[nms(boxes[wanted], scores[wanted], overlap, classes=labels[wanted], limit=limit)]
    return Objects(boxes[kept], scores[kept], labels[kept])


def _of_map(
    seen: Seen, stride: int, size: tuple[int, int], threshold: float, candidates: int
) -> Objects:
    flat = seen.logits.reshape(-1)
    index = np.flatnonzero(flat >= least_logit(threshold))
    if len(index) > candidates:
        index = np.sort(index[np.argpartition(flat[index], -candidates)[-candidates:]])
    # In float64, so that rounding is left to the last step.
    scores = sigmoid(flat[index].astype(np.float64))
    index, scores = index[scores >= threshold], scores[scores >= threshold]
    anchor, labels = np.divmod(index, CLASSES)
    height, width = (-(-length // stride) for length in size)
    given = anchors(stride, height, width)[seen.rows[anchor]]
    return Objects(moved(given, seen.deltas[anchor]), scores, labels)
