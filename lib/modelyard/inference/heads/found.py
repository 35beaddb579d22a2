"""Boxes with classes and scores, as every detection head returns them, and their NMS."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from modelyard.inference.boxes import nms
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.shapes import BoxOutputs, Outputs, boxes_and_scores, listing
from modelyard.inference.yolo_v3 import sigmoid

Floats = NDArray[np.float32]

# Only a threshold close to 0 leaves more boxes.
_CANDIDATES: Final = 5000


class Found(NamedTuple):
    """Detections, in no order.

    Attributes:
        boxes: float32 [N, 4] left, top, right, bottom in pixels of the network's input.
        scores: float32 [N], 0..1.
        classes: int64 [N], the network's class numbers, background included.
    """

    boxes: Floats
    scores: Floats
    classes: NDArray[np.int64]

    def take(self, indices: NDArray[Any]) -> "Found":
        """Return the rows at `indices`, in that order."""
        return Found(*(column[indices] for column in self))


class Answer(NamedTuple):
    """The outputs of a network for one image.

    Attributes:
        arrays: The outputs by name.
        outputs: Their shapes as the network declares them, which determine the format.
        size: Width and height of its input.
        options: Of the head.
    """

    arrays: Mapping[str, NDArray[Any]]
    outputs: Outputs
    size: tuple[int, int]
    options: HeadOptions

    @property
    def box_outputs(self) -> BoxOutputs:
        """The outputs that hold boxes and scores of the same rows.

        Raises:
            HeadError: there are none; a head's `classes` returns None then.
        """
        found = boxes_and_scores(self.outputs)
        if found is None:
            raise HeadError(f"outputs {listing(self.outputs)} are not boxes and their scores")
        return found

    def pixels(self, boxes: Floats) -> Floats:
        """Return the network's boxes [N, 4] as corners in pixels of its input."""
        found = corners(boxes, self.options.boxes)
        if self.options.box_unit == "pixels":
            return found
        return np.asarray(found * np.array((*self.size, *self.size), np.float32), np.float32)


def decode_rows(answer: Answer, threshold: float) -> Found:
    """Return every class of every row with a score of at least `threshold`."""
    scores = class_probabilities(answer)
    row, kind = above(scores, threshold)
    boxes = answer.pixels(answer.arrays[answer.box_outputs.boxes].reshape(-1, 4)[row])
    return Found(boxes, scores[row, kind], kind)


def class_probabilities(answer: Answer) -> Floats:
    """Return class probabilities float32 [N, C] of the rows; -1 for the background."""
    scores = answer.arrays[answer.box_outputs.scores][0].astype(np.float32)
    scores = probabilities(scores, answer.options.activation)
    if answer.options.background != "none":
        scores[:, 0 if answer.options.background == "first" else -1] = -1
    return scores


def above(scores: Floats, threshold: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return row and column of the scores [N, C] of at least `threshold`; NaN never is."""
    rows, columns = np.nonzero(scores >= threshold)
    return rows, columns


def best(found: Found, options: HeadOptions) -> Found:
    """Apply non-maximum suppression; return at most `options.limit` boxes, best first."""
    if len(found.scores) > _CANDIDATES:
        found = found.take(np.argpartition(-found.scores, _CANDIDATES)[:_CANDIDATES])
    if options.nms == "none":
        kept = np.argsort(-found.scores, kind="stable")
        kept = kept[np.isfinite(found.boxes[kept]).all(axis=1)][: options.limit]
        return found.take(kept)
    classes = found.classes if options.nms == "class" else None
    return found.take(
        nms(found.boxes, found.scores, options.nms_threshold, classes=classes, limit=options.limit)
    )


def corners(boxes: Floats, form: str) -> Floats:
    """Convert boxes [N, 4] from xyxy, yxyx or cxcywh to left, top, right, bottom."""
    if form == "yxyx":
        return boxes[:, [1, 0, 3, 2]]
    if form == "cxcywh":
        halves = boxes[:, 2:] / 2
        return np.concatenate((boxes[:, :2] - halves, boxes[:, :2] + halves), axis=1)
    return boxes


def probabilities(scores: Floats, activation: str) -> Floats:
    """Return scores [..., C] as probabilities 0..1: unchanged, or after sigmoid or softmax.

    Softmax is skipped if the network has already applied it.
    """
    if activation == "sigmoid":
        return sigmoid(scores)
    if activation == "softmax" and not _are_probabilities(scores):
        powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)
    return scores


def _are_probabilities(scores: Floats) -> bool:
    return bool((scores >= 0).all() and np.allclose(scores.sum(axis=-1), 1, atol=1e-3))
