"""YOLOv5 and networks with the same output: YOLOv6, YOLOv7 exported without NMS.

One output float32 [1, N, 5 + C]: for each of three boxes per cell its centre and size in pixels of
the input, its objectness, and the class probabilities given an object, all 0..1. The score is their
product. YOLOv5's `Detect.forward` (models/yolo.py) has already decoded them. Input as in its
letterbox: RGB 0..1, aspect ratio kept, centred on grey 114.
"""

from typing import Final

from modelyard.inference.heads.found import Answer, Floats, Found, above, corners
from modelyard.inference.heads.grids import cells
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.shapes import Outputs, rows_first

DEFAULTS: Final = HeadOptions(
    scale=(255.0, 255.0, 255.0),
    resize="letterbox",
    boxes="cxcywh",
    box_unit="pixels",
    nms_threshold=0.45,  # `iou_thres` of YOLOv5's detect.py.
    limit=300,
)

_BOXES_A_CELL: Final = 3


def classes(outputs: Outputs, size: tuple[int, int]) -> int | None:
    """Return C, or None if the outputs do not match; one box per cell is YOLOX."""
    found = rows_first(outputs)
    if found is None or found[0] == cells(size):
        return None
    return found[1] - 5 if found[0] == -1 or found[0] % _BOXES_A_CELL == 0 else None


def decode(answer: Answer, threshold: float) -> Found:
    """Return every class of every box with a score of at least `threshold`."""
    (output,) = answer.arrays.values()
    return scored(output[0], answer.options, threshold)


def scored(rows: Floats, options: HeadOptions, threshold: float) -> Found:
    """Return the detections in rows [N, 5 + C] of box, objectness and class probabilities."""
    # No score exceeds its objectness, so few rows remain.
    rows = rows[rows[:, 4] >= threshold]
    scores = rows[:, 4:5] * rows[:, 5:]
    row, kind = above(scores, threshold)
    return Found(corners(rows[row, :4], options.boxes), scores[row, kind], kind)
