"""Boxes with classes and scores, as every detection head returns them, and their NMS."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from modelyard.annotation import Label
from modelyard.inference.boxes import nms
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.shapes import BoxOutputs, Outputs, boxes_and_scores, listing
from modelyard.inference.yolo_v3 import sigmoid

Floats = NDArray[np.float32]
Labels = Mapping[int, Label]
"""A function's labels by the network's class numbers."""

# Only a threshold close to 0 leaves more boxes.
_CANDIDATES: Final = 5000
# As for shapes: softmax in float32 overshoots 1 by a few ulps.
_SCORE_SLACK: Final = 1e-3


class Found(NamedTuple):
    """Detections, in no order.

    Attributes:
        boxes: float32 [N, 4] left, top, right, bottom in pixels of the network's input.
        scores: float32 [N], 0..1.
        classes: int64 [N], the network's class numbers, background included.
        rows: int64 [N], the rows of the output that they come from, to look up the rest of a row.
    """

    boxes: Floats
    scores: Floats
    classes: NDArray[np.int64]
    rows: NDArray[np.int64]

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

    def changed(self, **options: Any) -> "Answer":
        """Return the same with other options."""
        return self._replace(options=msgspec.structs.replace(self.options, **options))

    def pixels(self, boxes: Floats) -> Floats:
        """Return the network's boxes [N, 4] as corners in pixels of its input."""
        found = corners(boxes, self.options.boxes)
        if self.options.box_unit == "pixels":
            return found
        return np.asarray(found * np.array((*self.size, *self.size), np.float32), np.float32)

    def points(self, points: Floats) -> Floats:
        """Return the network's points [..., 2] in pixels of its input."""
        if self.options.box_unit == "pixels":
            return points
        return np.asarray(points * np.array(self.size, np.float32), np.float32)


def decode_rows(answer: Answer, threshold: float) -> Found:
    """Return every class of every row with a score of at least `threshold`."""
    scores = class_probabilities(answer.arrays[answer.box_outputs.scores][0], answer.options)
    row, kind = above(scores, threshold)
    boxes = answer.pixels(answer.arrays[answer.box_outputs.boxes].reshape(-1, 4)[row])
    return Found(boxes, scores[row, kind], kind, row)


def class_probabilities(scores: NDArray[Any], options: HeadOptions) -> Floats:
    """Return scores [N, C] as probabilities float32 [N, C]; -1 for the background."""
    scores = probabilities(scores.astype(np.float32), options.activation)
    if options.background != "none":
        scores[:, 0 if options.background == "first" else -1] = -1
    return scores


def above(scores: Floats, threshold: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return row and column of the scores [N, C] of at least `threshold`; NaN never is."""
    # Several times as fast as `nonzero` of two dimensions.
    rows, columns = np.divmod(np.flatnonzero(scores >= threshold), scores.shape[1])
    return rows, columns


def one_a_row(found: Found) -> Found:
    """Return the best detection of each row: YOLO's authors let a box have a single class."""
    ranked = np.argsort(-found.scores, kind="stable")
    _, first = np.unique(found.rows[ranked], return_index=True)
    return found.take(ranked[np.sort(first)])


def labelled(found: Found, labels: Labels) -> Found:
    """Return the detections of classes that have a label."""
    return found.take(np.flatnonzero(np.isin(found.classes, list(labels))))


def candidates(found: Found) -> Found:
    """Return what suppression starts from: without NaN and infinity, and not too many.

    Raises:
        HeadError: the scores are not probabilities.
    """
    usable = np.isfinite(found.boxes).all(axis=1) & np.isfinite(found.scores)
    if not usable.all():
        found = found.take(np.flatnonzero(usable))
    check_scores(found.scores)
    if len(found.scores) > _CANDIDATES:
        found = found.take(np.argpartition(-found.scores, _CANDIDATES)[:_CANDIDATES])
    return found


def check_scores(scores: Floats) -> None:
    """Refuse scores above 1; NaN and infinity are passed over.

    Raises:
        HeadError: the largest is; the message has the option to set.
    """
    highest = float(scores[np.isfinite(scores)].max(initial=0))
    if highest > 1 + _SCORE_SLACK:
        raise HeadError(
            f"scores up to {highest:.3g} are not probabilities; if they are logits, set "
            'activation in head_options: "sigmoid" (each class on its own) or "softmax"'
        )


def best(found: Found, options: HeadOptions) -> Found:
    """Apply non-maximum suppression; return at most `options.limit` boxes, best first.

    Raises:
        HeadError: the scores are not probabilities.
    """
    found = candidates(found)
    if options.nms == "none":
        return found.take(np.argsort(-found.scores, kind="stable")[: options.limit])
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
        # Infinity becomes NaN, which `candidates` drops.
        with np.errstate(invalid="ignore"):
            return np.concatenate((boxes[:, :2] - halves, boxes[:, :2] + halves), axis=1)
    return boxes


def probabilities(scores: Floats, activation: str) -> Floats:
    """Return scores [..., C] as probabilities 0..1: unchanged, or after sigmoid or softmax.

    Softmax is skipped if the network has already applied it.
    """
    if activation == "sigmoid":
        return sigmoid(scores)
    if activation == "softmax" and not _are_probabilities(scores):
        # Rows with infinity become NaN, which no threshold passes.
        with np.errstate(invalid="ignore"):
            powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
            return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)
    return scores


def _are_probabilities(scores: Floats) -> bool:
    return bool((scores >= 0).all() and np.allclose(scores.sum(axis=-1), 1, atol=1e-3))
