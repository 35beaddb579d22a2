"""Networks with the outputs of TensorFlow's Object Detection API and planted objects."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from openvino import opset13 as op

from modelyard.inference.testing.networks import plant

_ROWS = 100


class Planted(NamedTuple):
    """An object: left, top, right, bottom as fractions of the image, id, score, mask."""

    box: tuple[float, float, float, float]
    kind: int
    score: float
    mask: NDArray[Any] | None = None


def plant_detections(
    path: Path, objects: Sequence[Planted], *, shape: tuple[int, ...] = (-1, -1, -1, 3)
) -> Path:
    """Write a network that detects `objects` in red images and nothing in others.

    Args:
        path: See `plant`.
        objects: Up to 100; further rows are padding with high scores, which
            `num_detections` leaves out. Either all have masks, of one shape, or none.
        shape: Shape of the input `image_tensor:0`, uint8.
    """
    boxes = np.zeros((1, _ROWS, 4), np.float32)
    scores = np.full((1, _ROWS), 0.99, np.float32)
    classes = np.ones((1, _ROWS), np.float32)
    for row, item in enumerate(objects):
        left, top, right, bottom = item.box
        boxes[0, row] = top, left, bottom, right
        scores[0, row], classes[0, row] = item.score, item.kind
    answers: dict[str, Any] = {
        "detection_boxes:0": boxes,
        "detection_classes:0": classes,
        "detection_scores:0": scores,
        "num_detections:0": lambda pixels: _seen(pixels, len(objects)),
    }
    if objects and objects[0].mask is not None:
        masks = np.zeros((1, _ROWS, *objects[0].mask.shape), np.float32)
        for row, item in enumerate(objects):
            masks[0, row] = item.mask
        answers["detection_masks:0"] = masks
    return plant(path, {"image_tensor:0": (shape, np.uint8)}, answers)


def _seen(pixels: Any, count: int) -> Any:
    """Return float32 [1]: `count` if red is the brightest channel of the image, else 0."""
    mean = op.reduce_mean(op.convert(pixels, "f32"), op.constant(np.array([0, 1, 2])), False)
    best = op.reduce_max(mean, op.constant(np.array([0])), True)
    red = op.gather(mean, op.constant(np.array([0])), op.constant(0))
    is_red = op.convert(op.equal(red, best), "f32")
    return op.multiply(is_red, op.constant(np.array([count], np.float32)))
