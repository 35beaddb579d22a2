"""Decoding of the network's outputs to objects."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from modelyard.inference.boxes import apply_deltas, nms
from modelyard.inference.yolo_v3 import sigmoid
from retinanet_r101.anchors import anchors

CLASSES: Final = 80
ANCHORS: Final = 9
"""Anchors per cell."""
STRIDES: Final = (8, 16, 32, 64, 128)
"""The stride of each feature map, in pixels of the input."""

# Logits are prefiltered with a little slack; scores are then compared exactly.
_SLACK: Final = 1e-3
# In float32 the sigmoid of anything slightly above this is 1.
_SURE: Final = 16.0


class Seen(NamedTuple):
    """The outputs of a feature map for its candidate anchors.

    Attributes:
        rows: int64 [N], anchor indices: cells row by row, with nine anchors per cell.
        logits: float32 [N, 80]; the sigmoid of one is the score of a class.
        deltas: float32 [N, 4], box deltas.
    """

    rows: NDArray[np.int64]
    logits: NDArray[np.float32]
    deltas: NDArray[np.float32]


class Objects(NamedTuple):
    """Objects, best first.

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
    """Return objects with a score of at least `threshold`.

    Args:
        maps: The network's output, one for each of `STRIDES`: all anchors with a logit of at least
            `least_logit(threshold)`; others are harmless.
        size: Height and width of the input.
        threshold: 0..1.
        candidates: Maximum number of pairs of anchor and class considered per map, best first.
        overlap: IoU threshold of non-maximum suppression, per class.
        limit: Maximum number of objects.
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
    # In float64, so that rounding happens only in the last step.
    scores = sigmoid(flat[index].astype(np.float64))
    index, scores = index[scores >= threshold], scores[scores >= threshold]
    anchor, labels = np.divmod(index, CLASSES)
    height, width = (-(-length // stride) for length in size)
    given = anchors(stride, height, width)[seen.rows[anchor]]
    return Objects(apply_deltas(given, seen.deltas[anchor]), scores, labels)
