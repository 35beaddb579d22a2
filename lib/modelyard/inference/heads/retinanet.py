"""RetinaNet: Lin et al., "Focal Loss for Dense Object Detection" (arXiv 1708.02002).

Two outputs: float32 [1, N, C], independent logits of the classes, and [1, N, 4], box deltas
relative to N anchors: centre offsets in units of the anchor's size, and log scales of its size.
This is the output of torchvision's `RetinaNetHead`, and the anchors are torchvision's
(models/detection/retinanet.py, anchor_utils.py): strides 8 to 128; at each cell's corner three
ratios with three sizes each, from four strides up, rounded to whole pixels. Input as in its
transform: RGB, ImageNet's mean and standard deviation, aspect ratio kept, at the top left, padded
with the mean.
"""

from typing import Final

import numpy as np

from modelyard.inference.boxes import apply_deltas
from modelyard.inference.heads.found import Answer, Floats, Found, above, class_probabilities
from modelyard.inference.heads.grids import RETINA_STRIDES, corners_of_cells, retina_rows, sides
from modelyard.inference.heads.options import IMAGENET_MEAN, IMAGENET_STD, HeadOptions
from modelyard.inference.heads.shapes import Outputs, boxes_and_scores

DEFAULTS: Final = HeadOptions(
    mean=IMAGENET_MEAN,
    scale=IMAGENET_STD,
    resize="letterbox_top_left",
    activation="sigmoid",
    box_unit="pixels",
    nms_threshold=0.5,
)

_RATIOS: Final = (0.5, 1.0, 2.0)  # Height / width.
_SIZES: Final = (1.0, 2 ** (1 / 3), 2 ** (2 / 3))


def classes(outputs: Outputs, size: tuple[int, int], options: HeadOptions) -> int | None:
    """Return C, or None if the outputs do not match an input of that size."""
    found = boxes_and_scores(outputs)
    return found.classes if found and found.rows in {-1, retina_rows(size)} else None


def decode(answer: Answer, threshold: float) -> Found:
    """Return every class of every anchor with a score of at least `threshold`."""
    scores = class_probabilities(answer.arrays[answer.box_outputs.scores][0], answer.options)
    row, kind = above(scores, threshold)
    deltas = answer.arrays[answer.box_outputs.boxes].reshape(-1, 4)[row]
    boxes = apply_deltas(anchors(answer.size)[row], deltas)
    return Found(boxes, scores[row, kind], kind, row)


def anchors(size: tuple[int, int]) -> Floats:
    """Return float32 [N, 4] left, top, right, bottom in pixels of an input of that size.

    Stride by stride, row by row, cell by cell, ratio by ratio, size by size.
    """
    width, height = size
    levels = []
    for stride, (columns, rows) in zip(RETINA_STRIDES, sides(size, RETINA_STRIDES), strict=True):
        steps = np.array((width // columns, height // rows), np.float32)
        places = np.tile(corners_of_cells(columns, rows) * steps, 2)
        levels.append((places[:, None] + _around_corner(stride)[None]).reshape(-1, 4))
    return np.concatenate(levels)


def _around_corner(stride: int) -> Floats:
    """Return float32 [9, 4]: the anchors of the cell whose corner is the origin."""
    lengths = np.array([int(4 * stride * size) for size in _SIZES], np.float32)
    heights = np.sqrt(np.array(_RATIOS, np.float32))
    half_width = (lengths[None] / heights[:, None]).ravel() / 2
    half_height = (lengths[None] * heights[:, None]).ravel() / 2
    around = np.stack((-half_width, -half_height, half_width, half_height), axis=1)
    return np.asarray(around.round(), np.float32)
