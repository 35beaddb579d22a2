"""Pieces of feature maps, as TensorFlow cuts them out."""

import math
from typing import Final

import torch
from torch import Tensor

# In cells; float32 is off by a thousandth of it.
_ROUNDING: Final = 1e-3


def pyramid_crops(maps: list[Tensor], boxes: Tensor, size: int, image_area: int) -> Tensor:
    """Cut each box out of the map that fits its size (equation 1 of the pyramid's paper).

    Args:
        maps: Float [1, C, H, W], finest to coarsest, each half the size of the previous one.
        boxes: float32 [N, 4] of top, left, bottom, right as fractions.
        size: Height and width of the crops.
        image_area: Pixels of the network's input; a box of 224x224 of them goes to the third map.

    Returns:
        float32 [N, C, size, size].
    """
    heights, widths = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    relative = (heights * widths).sqrt() / (224.0 / math.sqrt(image_area))
    # An empty box, whose logarithm is minus infinity, goes to the finest map.
    levels = (relative.log2().round() + 2).clamp(0, len(maps) - 1)
    pieces = boxes.new_empty(len(boxes), maps[0].shape[1], size, size)
    for level, features in enumerate(maps):
        chosen = torch.nonzero(levels == level)[:, 0]
        pieces[chosen] = crop_and_resize(features, boxes[chosen], size)
    return pieces


def crop_and_resize(features: Tensor, boxes: Tensor, size: int) -> Tensor:
    """Sample size x size points of each box, as tf.image.crop_and_resize does.

    The outer points are on the edges of the box; the fractions 0 and 1 are the centres of the first
    and last cells of the map. Points outside that range are 0. The last points of a box that ends
    at the edge of the map are on it; in TensorFlow rounding decides whether they are outside.

    Args:
        features: Float [1, C, H, W].
        boxes: float32 [N, 4] of top, left, bottom, right as fractions.
        size: Points in a row and in a column, at least 2.

    Returns:
        float32 [N, C, size, size].
    """
    _, channels, height, width = features.shape
    cells = features[0].float().permute(1, 2, 0).reshape(-1, channels)
    rows = _Line(boxes[:, 0], boxes[:, 2], height, size)
    columns = _Line(boxes[:, 1], boxes[:, 3], width, size)

    def at(row: Tensor, column: Tensor) -> Tensor:
        return cells[row[:, :, None] * width + column[:, None, :]]

    across = columns.share[:, None, :, None]
    upper = torch.lerp(at(rows.before, columns.before), at(rows.before, columns.after), across)
    lower = torch.lerp(at(rows.after, columns.before), at(rows.after, columns.after), across)
    values = torch.lerp(upper, lower, rows.share[:, :, None, None])
    inside = rows.inside[:, :, None] & columns.inside[:, None, :]
    return (values * inside[..., None]).permute(0, 3, 1, 2)


class _Line:
    """Interpolation indices and weights of each box along one axis, all [N, size]."""

    def __init__(self, near: Tensor, far: Tensor, length: int, size: int) -> None:
        step = (far - near) * (length - 1) / (size - 1)
        places = (
            near[:, None] * (length - 1) + torch.arange(size, device=near.device) * step[:, None]
        )
        self.inside = (places >= -_ROUNDING) & (places <= length - 1 + _ROUNDING)
        places = places.clamp(0, length - 1)
        self.before = places.floor().long()
        self.after = places.ceil().long()
        self.share = places - places.floor()
