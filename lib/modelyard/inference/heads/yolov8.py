"""YOLOv8 and what kept its output: YOLO11, YOLO12, YOLOv9 as Ultralytics exports them.

One output float32 [1, 4 + C, N]: for each of N places the centre and the sides of a box in pixels
of the input, and the chances 0..1 of the classes, each for itself. Ultralytics' `Detect` layer
(ultralytics/nn/modules/head.py) has decoded boxes and passed the scores through a sigmoid. Fed as
its `LetterBox` does: RGB 0..1, proportions kept, in the middle of grey 114.
"""

from typing import Final

import numpy as np

from modelyard.inference.heads.found import Answer, Found, above, chances, corners
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
    """Return C, or None where the outputs are not such a one. `size` of the input is any."""
    rows = columns_first(outputs)
    return None if rows is None else rows - 4


def decode(answer: Answer, threshold: float) -> Found:
    """Return every class of every box with a score of at least `threshold`."""
    (output,) = answer.arrays.values()
    scores = chances(output[0, 4:].T, answer.options.activation)
    row, kind = above(scores, threshold)
    boxes = corners(np.ascontiguousarray(output[0, :4, row]), answer.options.boxes)
    return Found(boxes, scores[row, kind], kind)
