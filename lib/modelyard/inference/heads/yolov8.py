"""YOLOv8 and networks with the same output: YOLO11, YOLO12, YOLOv9 as Ultralytics exports them.

One output float32 [1, 4 + C, N]: for each of N anchor points centre and size of a box in pixels of
the input, and independent class probabilities 0..1. Ultralytics' `Detect` layer
(ultralytics/nn/modules/head.py) has already decoded the boxes and applied the sigmoid. Input as in
its `LetterBox`: RGB 0..1, aspect ratio kept, centred on grey 114.
"""

from typing import Final

import numpy as np

from modelyard.inference.heads.found import Answer, Found, above, corners, probabilities
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.shapes import Outputs, columns_first

DEFAULTS: Final = HeadOptions(
    scale=(255.0, 255.0, 255.0),
    resize="letterbox",
    boxes="cxcywh",
    box_unit="pixels",
    nms_threshold=0.7,  # `iou` of Ultralytics' predict.
    limit=300,
)


def classes(outputs: Outputs, size: tuple[int, int]) -> int | None:
    """Return C, or None if the outputs do not match. Any input `size` is accepted."""
    rows = columns_first(outputs)
    return None if rows is None else rows - 4


def decode(answer: Answer, threshold: float) -> Found:
    """Return every class of every box with a score of at least `threshold`."""
    (output,) = answer.arrays.values()
    scores = probabilities(output[0, 4:].T, answer.options.activation)
    row, kind = above(scores, threshold)
    boxes = corners(np.ascontiguousarray(output[0, :4, row]), answer.options.boxes)
    return Found(boxes, scores[row, kind], kind)
