"""Outputs of well-known networks for given objects: the inverse of each head's decoding.

Written without the heads' own code, row by row, to test them independently.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Outputs = dict[str, NDArray[Any]]
Size = tuple[int, int]


class Planted(NamedTuple):
    """An object: left, top, right, bottom in pixels of the network's input, class, score."""

    box: tuple[float, float, float, float]
    kind: int
    score: float

    @property
    def center(self) -> tuple[float, float, float, float]:
        """Centre and size."""
        left, top, right, bottom = self.box
        return (left + right) / 2, (top + bottom) / 2, right - left, bottom - top


def yolov8(objects: Sequence[Planted], size: Size, classes: int) -> Outputs:
    """Every third row has an object."""
    output = np.zeros((1, 4 + classes, len(_places(size))), np.float32)
    for number, item in enumerate(objects):
        output[0, :4, 3 * number] = item.center
        output[0, 4 + item.kind, 3 * number] = item.score
    return {"output0": output}


def yolov5(objects: Sequence[Planted], size: Size, classes: int) -> Outputs:
    """The score is split into objectness 0.98 and the class probability."""
    output = np.zeros((1, 3 * len(_places(size)), 5 + classes), np.float32)
    output[..., 5:] = 0.99  # Meaningless without an object.
    for number, item in enumerate(objects):
        output[0, 5 * number, :5] = (*item.center, 0.98)
        output[0, 5 * number, 5:] = 0
        output[0, 5 * number, 5 + item.kind] = item.score / 0.98
    return {"output": output}


def yolox(objects: Sequence[Planted], size: Size, classes: int) -> Outputs:
    """Objects are in rows of each stride, wherever they are in the image."""
    places = _places(size)
    output = np.zeros((1, len(places), 5 + classes), np.float32)
    for number, item in enumerate(objects):
        row = (number * 37) % len(places)
        x, y, width, height = item.center
        column, line, stride = places[row]
        output[0, row, :5] = (
            x / stride - column,
            y / stride - line,
            math.log(width / stride),
            math.log(height / stride),
            0.98,
        )
        output[0, row, 5 + item.kind] = item.score / 0.98
    return {"output": output}


def detr(objects: Sequence[Planted], size: Size, classes: int) -> Outputs:
    """Nine queries without an object after each with one."""
    count = 10 * len(objects) + 10
    logits = np.full((1, count, classes + 1), -9, np.float32)
    logits[..., -1] = 9
    boxes = np.full((1, count, 4), 0.5, np.float32)
    for number, item in enumerate(objects):
        logits[0, 10 * number] = math.log((1 - item.score) / classes)
        logits[0, 10 * number, item.kind] = math.log(item.score)
        boxes[0, 10 * number] = np.array(item.center) / (*size, *size)
    return {"logits": logits, "pred_boxes": boxes}


def ssd(objects: Sequence[Planted], size: Size, classes: int) -> Outputs:
    """1917 rows, as in SSD on MobileNet; the boxes still have an axis for classes."""
    boxes = np.zeros((1, 1917, 1, 4), np.float32)
    scores = np.zeros((1, 1917, classes), np.float32)
    for number, item in enumerate(objects):
        boxes[0, 100 * number, 0] = np.array(item.box) / (*size, *size)
        scores[0, 100 * number, item.kind] = item.score
    return {"boxes": boxes, "scores": scores}


def ssd_final(objects: Sequence[Planted], size: Size, classes: int) -> Outputs:
    """TensorFlow Lite's four outputs in its order; rows beyond the number are meaningless."""
    count = len(objects) + 3
    boxes, kinds = np.ones((1, count, 4), np.float32), np.zeros((1, count), np.float32)
    scores = np.full((1, count), 0.99, np.float32)
    for number, item in enumerate(objects):
        boxes[0, number] = np.array(item.box) / (*size, *size)
        kinds[0, number], scores[0, number] = item.kind, item.score
    number_of = np.array([len(objects)], np.float32)
    return {"post": boxes, "post:1": kinds, "post:2": scores, "post:3": number_of}


def ssd_rows(objects: Sequence[Planted], size: Size, classes: int) -> Outputs:
    """OpenVINO's DetectionOutput; rows after the one of image -1 are meaningless."""
    rows = np.full((1, 1, 20, 7), 0.99, np.float32)
    for number, item in enumerate(objects):
        rows[0, 0, number] = (0, item.kind, item.score, *np.array(item.box) / (*size, *size))
    rows[0, 0, len(objects), 0] = -1
    return {"detection_out": rows}


def retinanet(objects: Sequence[Planted], size: Size, classes: int) -> Outputs:
    """Each object is encoded relative to an anchor that is not the nearest."""
    anchors = retina_anchors(size)
    logits = np.full((1, len(anchors), classes), -12, np.float32)
    deltas = np.zeros((1, len(anchors), 4), np.float32)
    for number, item in enumerate(objects):
        row = (number * 131 + 40) % len(anchors)
        left, top, right, bottom = anchors[row]
        x, y, width, height = item.center
        deltas[0, row] = (
            (x - (left + right) / 2) / (right - left),
            (y - (top + bottom) / 2) / (bottom - top),
            math.log(width / (right - left)),
            math.log(height / (bottom - top)),
        )
        logits[0, row, item.kind] = math.log(item.score / (1 - item.score))
    return {"cls_logits": logits, "bbox_regression": deltas}


def retina_anchors(size: Size) -> list[tuple[float, float, float, float]]:
    """Return the anchors one by one, as torchvision's AnchorGenerator makes them."""
    found: list[tuple[float, float, float, float]] = []
    for stride in (8, 16, 32, 64, 128):
        columns, rows = math.ceil(size[0] / stride), math.ceil(size[1] / stride)
        for row in range(rows):
            for column in range(columns):
                x, y = column * (size[0] // columns), row * (size[1] // rows)
                for ratio in (0.5, 1.0, 2.0):
                    for octave in (0, 1, 2):
                        side = int(4 * stride * 2 ** (octave / 3))
                        # Half to even, as in torch.
                        half = (
                            round(side / math.sqrt(ratio) / 2),
                            round(side * math.sqrt(ratio) / 2),
                        )
                        found.append((x - half[0], y - half[1], x + half[0], y + half[1]))
    return found


ENCODERS: Final[Mapping[str, tuple[str, Callable[[Sequence[Planted], Size, int], Outputs]]]] = {
    "yolov8": ("yolov8", yolov8),
    "yolov5": ("yolov5", yolov5),
    "yolox": ("yolox", yolox),
    "detr": ("detr", detr),
    "ssd": ("ssd", ssd),
    "ssd, final": ("ssd", ssd_final),
    "ssd, rows": ("ssd", ssd_rows),
    "retinanet": ("retinanet", retinanet),
}
"""Head and encoder of each output format."""


def _places(size: Size) -> list[tuple[int, int, int]]:
    """Column, row and stride of each cell of YOLO's grids."""
    return [
        (column, row, stride)
        for stride in (8, 16, 32)
        for row in range(size[1] // stride)
        for column in range(size[0] // stride)
    ]
