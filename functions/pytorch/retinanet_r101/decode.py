"""From the network's answers to objects."""

import math
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from inference.box_deltas import LARGEST_GROWTH, apply_deltas
from inference.boxes import nms
from retinanet_r101.anchors import anchors
from retinanet_r101.network import CLASSES, Level

# Logits are compared with a little slack, and the scores that pass exactly.
_SLACK: Final = 1e-3
# In float32 the sigmoid of what is a little above this is 1.
_SURE: Final = 16.0


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


def decode(
    levels: list[Level],
    threshold: float,
    *,
    candidates: int,
    overlap: float,
    limit: int,
    classes: NDArray[np.bool_],
) -> Objects:
    """Return what the network sees with a score of at least `threshold`.

    Args:
        levels: The network's answer.
        threshold: 0..1.
        candidates: From each level, this many best pairs of anchor and class are looked at.
        overlap: Boxes of a class with a higher intersection over union are one object.
        limit: The most objects.
        classes: bool [80], which classes to report.
    """
    found = [_of_level(level, threshold, candidates) for level in levels]
    boxes, scores, labels = (np.concatenate(parts) for parts in zip(*found, strict=True))
    wanted = np.flatnonzero(classes[labels])
    kept = wanted[nms(boxes[wanted], scores[wanted], overlap, classes=labels[wanted], limit=limit)]
    return Objects(boxes[kept], scores[kept], labels[kept])


def _of_level(level: Level, threshold: float, candidates: int) -> Objects:
    flat = level.logits.reshape(-1)
    passing = torch.nonzero(flat >= min(_logit(threshold), _SURE) - _SLACK)[:, 0]
    best, order = flat[passing].float().topk(min(candidates, len(passing)))
    scores = best.sigmoid()
    passing = passing[order][scores >= threshold]
    scores = scores[scores >= threshold]
    index = passing // CLASSES
    given = anchors(level.stride, *level.cells).to(index.device)
    boxes = apply_deltas(given[index], level.deltas[index], largest_growth=LARGEST_GROWTH)
    classes = passing % CLASSES
    return Objects(boxes.cpu().numpy(), scores.cpu().numpy(), classes.cpu().numpy())


def _logit(score: float) -> float:
    """Return what has a sigmoid of `score`."""
    if score <= 0:
        return -math.inf
    return math.log(score / (1 - score)) if score < 1 else math.inf
