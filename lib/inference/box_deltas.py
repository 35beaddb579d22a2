"""Boxes as networks predict them: by how much they differ from given ones.

The coding of Girshick et al. 2013 (https://arxiv.org/abs/1311.2524): a shift of the centre in
units of the given box's sides, and the logarithm of how much each side grows.
"""

import math
from typing import Final

import torch
from torch import Tensor

LARGEST_GROWTH: Final = math.log(1000 / 16)
"""The cap that Caffe2's detectors, and detectron2 after them, put on a side's growth."""


def apply_deltas(boxes: Tensor, deltas: Tensor, *, largest_growth: float = math.inf) -> Tensor:
    """Return the boxes float32 [N, 4] that `deltas` make of `boxes`.

    Args:
        boxes: [N, 4] of left, top, right, bottom, in any unit.
        deltas: [N, 4]: shift in x and y, growth in x and y.
        largest_growth: No side grows by more than the exponential of this.
    """
    boxes, deltas = boxes.float(), deltas.float()
    near, far = boxes[:, :2], boxes[:, 2:]
    sides = far - near
    centres = near + 0.5 * sides + deltas[:, :2] * sides
    halves = 0.5 * sides * deltas[:, 2:].clamp(max=largest_growth).exp()
    return torch.cat((centres - halves, centres + halves), dim=1)
