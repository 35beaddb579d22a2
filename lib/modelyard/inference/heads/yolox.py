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
from modelyard.inference.heads.shapes import Outputs
from modelyard.inference.heads.yolov5 import scored

DEFAULTS: Final = HeadOptions(
    channels="bgr",
    resize="letterbox_top_left",
    boxes="cxcywh",
    box_unit="pixels",
    nms_threshold=0.45,  # `nms_thr` of its demo.
    limit=300,
)


def classes(outputs: Outputs, size: tuple[int, int], options: HeadOptions) -> int | None:
    """Return C, or None if the outputs do not have one row per cell."""
    shape = outputs[0][1] if len(outputs) == 1 else ()
    if len(shape) != 3 or shape[1] not in {-1, cells(size)} or -1 < shape[2] < 6:
        return None
    return shape[2] - 5 if shape[2] != -1 else -1


def decode(answer: Answer, threshold: float) -> Found:
    """Return the best class of every box with a score of at least `threshold`."""
    (output,) = answer.arrays.values()
    grids = list(sides(answer.size, YOLO_STRIDES))
    corner = np.concatenate([corners_of_cells(*grid) for grid in grids])
    stride = np.repeat(
        np.array(YOLO_STRIDES, np.float32), [columns * rows for columns, rows in grids]
    )[:, None]
    rows = output[0].astype(np.float32)
    rows[:, :2] = (rows[:, :2] + corner) * stride
    with np.errstate(over="ignore", invalid="ignore"):
        rows[:, 2:4] = np.exp(rows[:, 2:4]) * stride
    return scored(rows, answer, threshold)
