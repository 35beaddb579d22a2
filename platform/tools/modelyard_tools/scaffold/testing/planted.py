"""Objects at known places, in the outputs of every kind of network; row by row, by hand.

None of the code that reads such outputs is used here.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Size = tuple[int, int]
Floats = NDArray[np.float32]
Outputs = dict[str, NDArray[Any]]

COEFFICIENTS = 32
JOINTS = 3


class Object(NamedTuple):
    """left, top, right, bottom in pixels of the input; class; score; angle in radians."""

    box: tuple[float, float, float, float]
    kind: int
    score: float
    angle: float = 0.0

    @property
    def center(self) -> tuple[float, float, float, float]:
        """Centre and size."""
        left, top, right, bottom = self.box
        return (left + right) / 2, (top + bottom) / 2, right - left, bottom - top

    @property
    def joints(self) -> list[tuple[float, float, float]]:
        """Three joints on the box's diagonal, x, y and visibility; the last is not visible."""
        left, top, right, bottom = self.box
        at = ((0.25, 0.9), (0.5, 0.8), (0.75, 0.1))
        return [(left + (right - left) * f, top + (bottom - top) * f, seen) for f, seen in at]


def places(size: Size, strides: Sequence[int] = (8, 16, 32)) -> list[tuple[int, int, int]]:
    """Column, row and stride of each cell."""
    return [
        (column, row, stride)
        for stride in strides
        for row in range(size[1] // stride)
        for column in range(size[0] // stride)
    ]


def grid(size: Size) -> Floats:
    """[N, 4]: centre and size of a box in each cell, in pixels."""
    cells = [((x + 0.5) * s, (y + 0.5) * s, 2 * s, 3 * s) for x, y, s in places(size)]
    return np.array(cells, np.float32)


def ultralytics(
    objects: Sequence[Object], size: Size, classes: int, task: str = "detect", depth: int = 3
) -> Outputs:
    """[1, 4 + classes + extras, N], in pixels; rows without an object have low scores."""
    extra = {"detect": 0, "segment": COEFFICIENTS, "pose": JOINTS * depth, "obb": 1}[task]
    cells = grid(size)
    rows = np.full((len(cells), 4 + classes + extra), 0.001, np.float32)
    rows[:, :4] = cells
    if task == "obb":
        rows[:, -1] = np.linspace(-0.7, 2.3, len(cells))
    for number, item in enumerate(objects):
        row = rows[3 * number + 1]
        row[:4] = item.center
        row[4 + item.kind] = item.score
        row[4 + classes :] = extras(item, number, task, depth)
    outputs: Outputs = {"output0": np.ascontiguousarray(rows.T[None])}
    if task == "segment":
        outputs["output1"] = prototypes(objects, size)
    return outputs


def end2end(
    objects: Sequence[Object], size: Size, task: str = "detect", depth: int = 3, rows: int = 300
) -> Outputs:
    """[1, 300, 6 + extras]: box, score, class, extras; best first, then zeros."""
    extra = {"detect": 0, "segment": COEFFICIENTS, "pose": JOINTS * depth, "obb": 1}[task]
    found = np.zeros((1, rows, 6 + extra), np.float32)
    for number, item in enumerate(objects):
        found[0, number, :4] = item.center if task == "obb" else item.box
        found[0, number, 4:6] = item.score, item.kind
        found[0, number, 6:] = extras(item, number, task, depth)
    outputs: Outputs = {"output0": found}
    if task == "segment":
        outputs["output1"] = prototypes(objects, size)
    return outputs


def extras(item: Object, number: int, task: str, depth: int) -> list[float]:
    """What a row says beyond box, score and class."""
    if task == "segment":
        return [float(index == number) for index in range(COEFFICIENTS)]
    if task == "pose":
        return [value for joint in item.joints for value in joint[:depth]]
    return [item.angle] if task == "obb" else []


def prototypes(objects: Sequence[Object], size: Size) -> Floats:
    """[1, 32, h, w] at a quarter: number k is positive left of the middle of object k's box."""
    width, height = size[0] // 4, size[1] // 4
    maps = np.full((1, COEFFICIENTS, height, width), -8, np.float32)
    x = (np.arange(width) + 0.5) * 4
    for number, item in enumerate(objects):
        maps[0, number, :, x < item.center[0]] = 8
    return maps


def anchored(
    objects: Sequence[Object], size: Size, classes: int, boxes: int = 3, only: str = ""
) -> Outputs:
    """[1, N, 5 + classes] of YOLOv5 (3 boxes a cell) or v6 (1): decoded, in pixels.

    `only` "objectness" leaves the class score untrained, "class" sets all objectness to 1.
    """
    cells = np.repeat(grid(size), boxes, axis=0)
    rows = np.full((1, len(cells), 5 + classes), 0.01, np.float32)
    rows[0, :, :4] = cells
    rows[0, :, 5:] = 0.5
    if only == "class":
        rows[0, :, 4:] = 1, *[0.01] * classes
    for number, item in enumerate(objects):
        row = rows[0, 5 * number + 2]
        row[:4] = item.center
        if only == "objectness":
            row[4:] = item.score, 0.5
        elif only == "class":
            row[4 + 1 + item.kind] = item.score
        else:
            row[4:] = 0.98, *[0.02] * classes
            row[5 + item.kind] = item.score / 0.98
    return {"output": rows}


def yolox(objects: Sequence[Object], size: Size, classes: int, *, decoded: bool) -> Outputs:
    """[1, N, 5 + classes], one box a cell, which may be left as offsets and logarithms."""
    cells = places(size)
    rows = np.full((1, len(cells), 5 + classes), 0.01, np.float32)
    for index, (x, y, s) in enumerate(cells):
        rows[0, index, :4] = ((x + 0.5) * s, (y + 0.5) * s, s, s) if decoded else (0.5, 0.5, 0, 0)
    for number, item in enumerate(objects):
        row = (number * 37) % len(cells)
        x, y, s = cells[row]
        cx, cy, width, height = item.center
        if decoded:
            rows[0, row, :4] = item.center
        else:
            rows[0, row, :4] = cx / s - x, cy / s - y, math.log(width / s), math.log(height / s)
        rows[0, row, 4] = 0.98
        rows[0, row, 5 + item.kind] = item.score / 0.98
    return {"output": rows}


def yolov7_final(objects: Sequence[Object]) -> Outputs:
    """[n, 7]: image, corners, class, score; [0, 7] without objects."""
    rows = [(0, *item.box, item.kind, item.score) for item in objects]
    return {"output": np.array(rows, np.float32).reshape(-1, 7)}


def queries(
    objects: Sequence[Object], size: Size, classes: int, *, softmax: bool, unused: int = 0
) -> tuple[Floats, Floats]:
    """Logits [1, Q, classes (+ 1)] and boxes [1, Q, 4] in fractions, centre form; Q = 100."""
    columns = classes + (1 if softmax else unused)
    logits = np.full((1, 100, columns), -6.0, np.float32)
    boxes = np.full((1, 100, 4), 0.5, np.float32)
    if softmax:
        logits[..., -1] = 6
    for number, item in enumerate(objects):
        row = 7 * number + 3
        boxes[0, row] = np.array(item.center) / (*size, *size)
        if softmax:
            logits[0, row] = math.log((1 - item.score) / classes)
            logits[0, row, item.kind] = math.log(item.score)
        else:
            logits[0, row, item.kind] = math.log(item.score / (1 - item.score))
    return logits, boxes


def listed(objects: Sequence[Object], rows: int = 20) -> tuple[Floats, Floats, Floats]:
    """Corners [rows, 4] in pixels, scores [rows], classes [rows]; zeros after the objects."""
    boxes, scores, kinds = (np.zeros((rows, 4)), np.zeros(rows), np.zeros(rows))
    for number, item in enumerate(objects):
        boxes[number], scores[number], kinds[number] = item.box, item.score, item.kind
    return boxes.astype(np.float32), scores.astype(np.float32), kinds.astype(np.float32)


def regions(objects: Sequence[Object], size: Size, scale: int = 1) -> NDArray[np.int64]:
    """[h, w]: 1 + class where an object's box is, else 0, at a fraction of the size."""
    found = np.zeros((size[1] // scale, size[0] // scale), np.int64)
    for item in objects:
        left, top, right, bottom = (round(value / scale) for value in item.box)
        found[max(top, 0) : bottom, max(left, 0) : right] = 1 + item.kind
    return found
