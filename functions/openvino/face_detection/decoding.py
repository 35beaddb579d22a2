"""Decoding of the network's outputs to faces: anchors, boxes, and merging of overlapping boxes."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from modelyard.inference.boxes import iou_matrix

SIDE: Final = 128
# Stride of a feature map, and the number of anchors per cell.
_MAPS: Final = ((8, 2), (16, 6))
# The sigmoid of this is 1 in float32; beyond it the exponential overflows.
_LARGEST_LOGIT: Final = 80.0

Array = NDArray[np.float32]


class Faces(NamedTuple):
    """Boxes [N, 4] left, top, right, bottom in the unit of the input; scores [N] in 0..1."""

    boxes: Array
    scores: Array


def anchors() -> Array:
    """Return float32 [896, 2], x and y of the anchors in pixels of the network's input.

    Row by row, first those of the finer map; all have the same size.
    """
    return np.concatenate([_grid(stride, count) for stride, count in _MAPS])


def _grid(stride: int, count: int) -> Array:
    places = (np.arange(SIDE // stride, dtype=np.float32) + 0.5) * stride
    y, x = np.meshgrid(places, places, indexing="ij")
    return np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), count, axis=0)


def decode(regressors: Array, logits: Array, threshold: float) -> Faces:
    """Return the decoded boxes with a score of at least `threshold`, best first.

    Args:
        regressors: [896, 16]; first x and y from the anchor to the box's centre, its width and
            height, all in pixels of the input. Six facial landmarks follow.
        logits: [896], of "face" against "background".
        threshold: 0..1.
    """
    scores = 1 / (1 + np.exp(-np.clip(logits, -_LARGEST_LOGIT, _LARGEST_LOGIT)))
    found = np.flatnonzero(scores >= threshold)
    found = found[np.argsort(-scores[found], kind="stable")]
    centers = anchors()[found] + regressors[found, :2]
    halves = regressors[found, 2:4] / 2
    return Faces(
        np.concatenate([centers - halves, centers + halves], axis=1),
        scores[found].astype(np.float32),
    )


def merge(faces: Faces, overlap: float) -> Faces:
    """Merge overlapping boxes into one per face: their mean, weighted by score.

    Boxes whose IoU with the best one exceeds `overlap` are merged with it and get its score; the
    rest is processed in the same way. The mean is more stable from frame to frame than the best
    box.

    Args:
        faces: Best first.
        overlap: 0..1.
    """
    overlaps = iou_matrix(faces.boxes, faces.boxes)
    left = overlaps.diagonal() > 0
    boxes, scores = [], []
    while left.any():
        best = int(left.argmax())
        together = left & (overlaps[best] > overlap)
        # Even if `overlap` is 1: a box always belongs to its own face.
        together[best] = True
        boxes.append(np.average(faces.boxes[together], axis=0, weights=faces.scores[together]))
        scores.append(faces.scores[best])
        left &= ~together
    return Faces(np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32))
