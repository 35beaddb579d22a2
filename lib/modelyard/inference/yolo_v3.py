"""Decodes the outputs of YOLOv3's heads to boxes.

Redmon and Farhadi, "YOLOv3: An Incremental Improvement" (2018), section 2. A head divides the image
into a grid. Each of its cells predicts, for each of a few anchors (typical widths and heights), the
offset of the box's centre within the cell, its size relative to the anchor, objectness, and
independent class probabilities.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from modelyard.inference.boxes import nms

Floats = NDArray[np.float32]
Anchors = Sequence[tuple[float, float]]
"""Width and height of each anchor of a head, in pixels of the network's input."""

_GEOMETRY: Final = 5  # x, y, width, height, objectness; the classes follow.


class Detections(NamedTuple):
    """Detections in an image, best first.

    Attributes:
        boxes: float32 [N, 4] left, top, right, bottom as fractions of the image; unclipped.
        scores: float32 [N], 0..1: objectness times class probability.
        classes: int64 [N], columns of the heads' classes.
    """

    boxes: Floats
    scores: Floats
    classes: NDArray[np.int64]


def detect(
    heads: Sequence[tuple[Floats, Anchors]],
    side: tuple[int, int],
    threshold: float,
    *,
    overlap: float,
    candidates: int,
    limit: int,
) -> Detections:
    """Decode heads and apply NMS per class.

    Args:
        heads: Raw outputs [anchors * (5 + classes), rows, columns], before any sigmoid, with
            their anchors.
        side: Width and height of the network's input.
        threshold: The minimum score, 0..1.
        overlap: IoU above which two boxes of a class are the same object.
        candidates: Consider at most this many boxes, the best ones.
        limit: Return at most this many boxes.
    """
    parts = [decode(head, anchors, side, threshold) for head, anchors in heads]
    found = Detections(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    if len(found.scores) > candidates:
        found = _take(found, np.argpartition(-found.scores, candidates)[:candidates])
    return _take(found, nms(found.boxes, found.scores, overlap, classes=found.classes, limit=limit))


def decode(head: Floats, anchors: Anchors, side: tuple[int, int], threshold: float) -> Detections:
    """Decode one head: every class of every box with a score of at least `threshold`.

    Arguments and results as in `detect`, but unordered and overlapping. A box whose size exceeds
    float32 is infinite, and `nms` drops it.

    Raises:
        ValueError: the number of channels is not a multiple of the anchors, or leaves no class.
    """
    channels, rows, columns = head.shape
    depth, rest = divmod(channels, len(anchors))
    if rest or depth <= _GEOMETRY:
        raise ValueError(f"{channels} channels do not fit {len(anchors)} anchors")
    cells = head.reshape(len(anchors), depth, rows, columns)
    objectness = sigmoid(cells[:, 4])
    # No score exceeds its objectness, so few cells remain.
    anchor, row, column = np.nonzero(objectness >= threshold)
    values = cells[anchor, :, row, column]
    scores = objectness[anchor, row, column][:, None] * sigmoid(values[:, _GEOMETRY:])
    cell, classes = np.nonzero(scores >= threshold)

    corner = np.stack((column, row), axis=1)
    with np.errstate(over="ignore"):
        centers = (corner + sigmoid(values[:, :2])) / (columns, rows)
        sizes = np.exp(values[:, 2:4]) * np.array(anchors, np.float32)[anchor] / side
    boxes = np.concatenate((centers - sizes / 2, centers + sizes / 2), axis=1).astype(np.float32)
    return Detections(boxes[cell], scores[cell, classes], classes.astype(np.int64))


def sigmoid(values: Floats) -> Floats:
    """Return 1 / (1 + exp(-x)), in a form that does not overflow."""
    return np.asarray(0.5 * np.tanh(0.5 * values) + 0.5, np.float32)


def _take(found: Detections, indices: NDArray[Any]) -> Detections:
    return Detections(*(column[indices] for column in found))
