"""YOLOX: Ge, Liu, Wang, Li, Sun, "YOLOX: Exceeding YOLO Series in 2021" (arXiv 2107.08430).

One output float32 [1, N, 5 + C], a row for each cell of strides 8, 16 and 32, row by row: offset of
the box's centre from the cell's corner and logarithm of its size, both in cells, objectness, and
class probabilities given an object. Its tools/export_onnx.py leaves the boxes undecoded;
demo/ONNXRuntime shows how to decode them. Input as in its `preproc`: BGR 0..255, aspect ratio kept,
at the top left on grey 114.
"""

from typing import Final

import numpy as np

from modelyard.inference.heads.found import Answer, Found
from modelyard.inference.heads.grids import YOLO_STRIDES, cells, corners_of_cells, sides
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.shapes import Outputs, rows_first
from modelyard.inference.heads.yolov5 import scored

DEFAULTS: Final = HeadOptions(
    channels="bgr",
    resize="letterbox_top_left",
    boxes="cxcywh",
    box_unit="pixels",
    nms_threshold=0.45,  # `nms_thr` of its demo.
    limit=300,
)


def classes(outputs: Outputs, size: tuple[int, int]) -> int | None:
    """Return C, or None if the outputs do not have one row per cell."""
    found = rows_first(outputs)
    return found[1] - 5 if found and found[0] in {-1, cells(size)} else None


def decode(answer: Answer, threshold: float) -> Found:
    """Return every class of every box with a score of at least `threshold`."""
    (output,) = answer.arrays.values()
    grids = list(sides(answer.size, YOLO_STRIDES))
    corner = np.concatenate([corners_of_cells(*grid) for grid in grids])
    stride = np.repeat(
        np.array(YOLO_STRIDES, np.float32), [columns * rows for columns, rows in grids]
    )[:, None]
    rows = output[0].copy()
    rows[:, :2] = (rows[:, :2] + corner) * stride
    with np.errstate(over="ignore"):
        rows[:, 2:4] = np.exp(rows[:, 2:4]) * stride
    return scored(rows, answer.options, threshold)
