"""YOLOv5 and networks with the same output: YOLOv6, YOLOv7 without NMS, decoded YOLOX.

One output float32 [1, N, 5 + C]: for each of three boxes per cell (YOLOv6, YOLOX: one) its centre
and size in pixels of the input, its objectness, and the class probabilities given an object, all
0..1. The score is their product; YOLOv7 does not train the class score of a single class, so
objectness alone is the score (`score="objectness"`). YOLOv5's `Detect.forward` (models/yolo.py) has
already decoded the boxes; its raw grids [1, 3, h, w, 5 + C], further outputs of older files, are
ignored. TensorFlow exports have boxes in fractions (`box_unit="fractions"`). Input as in its
letterbox: RGB 0..1, aspect ratio kept, centred on grey 114.
"""

from typing import Final

import numpy as np

from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.found import (
    Answer,
    Floats,
    Found,
    above,
    check_scores,
    one_a_row,
    probabilities,
)
from modelyard.inference.heads.grids import are_yolo_rows
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.shapes import Outputs

DEFAULTS: Final = HeadOptions(
    scale=(255.0, 255.0, 255.0),
    resize="letterbox",
    boxes="cxcywh",
    box_unit="pixels",
    nms_threshold=0.45,  # `iou_thres` of YOLOv5's detect.py.
    limit=300,
)

_RAW_GRID: Final = 5
"""Rank of a further output that is not needed."""


def classes(outputs: Outputs, size: tuple[int, int], options: HeadOptions) -> int | None:
    """Return C, or None if the outputs do not match.

    Raises:
        HeadError: there are several classes, but objectness alone is to be the score.
    """
    shape = dict(outputs).get(_name(outputs) or "")
    if shape is None or not are_yolo_rows(shape[1], shape[2], size):
        return None
    count = shape[2] - 5 if shape[2] != -1 else -1
    if options.score == "objectness" and count not in {-1, 1}:
        raise HeadError(f'score="objectness" is for one class, but the network has {count}')
    return count


def decode(answer: Answer, threshold: float) -> Found:
    """Return the best class of every box with a score of at least `threshold`."""
    return scored(answer.arrays[_name(answer.outputs) or ""][0], answer, threshold)


def scored(rows: Floats, answer: Answer, threshold: float) -> Found:
    """Return the detections in rows [N, 5 + C] of box, objectness and class probabilities."""
    options = answer.options
    if options.activation == "none":
        # No score exceeds its objectness, so few rows remain.
        kept = np.flatnonzero(rows[:, 4] >= threshold)
    else:
        kept = np.arange(len(rows))
    rows = rows[kept].astype(np.float32)
    objectness = probabilities(rows[:, 4:5], "none" if options.activation == "none" else "sigmoid")
    check_scores(objectness)
    scores = objectness
    if options.score == "product":
        scores = objectness * probabilities(rows[:, 5:], options.activation)
    row, kind = above(scores, threshold)
    return one_a_row(Found(answer.pixels(rows[row, :4]), scores[row, kind], kind, kept[row]))


def _name(outputs: Outputs) -> str | None:
    """Return the name of the output [1, N, 5 + C]; None if there is not exactly one."""
    needed = [(name, shape) for name, shape in outputs if len(shape) != _RAW_GRID]
    if len(needed) != 1 or len(needed[0][1]) != 3:
        return None
    name, shape = needed[0]
    return name if shape[0] in {-1, 1} and (shape[2] == -1 or shape[2] >= 6) else None
