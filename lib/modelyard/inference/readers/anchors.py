"""Boxes and scores of every anchor or query, in two outputs: SSD, RetinaNet, YOLO-NAS, PP-YOLOE.

A run tells what the boxes are: deltas, fractions or pixels; corners or centre and size; and whether
scores are probabilities.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from modelyard.inference.heads.grids import retina_rows
from modelyard.inference.heads.options import IMAGENET_MEAN, IMAGENET_STD
from modelyard.inference.heads.shapes import boxes_and_scores
from modelyard.inference.readers.facts import (
    ASSUMED,
    DOCUMENTED,
    ModelFile,
    Probe,
    Reading,
    ReadingError,
    image_size,
)

_RUN: Final = "a run"
_MOST: Final = 0.99
_FEW: Final = 0.7
_TENSORFLOW: Final = (".pb", ".tflite")
_FRACTION: Final = 2.0
_FEED_255: Final = {"mean": [0.0, 0.0, 0.0], "scale": [255.0, 255.0, 255.0]}


def read(file: ModelFile, probe: Probe) -> Reading | None:
    """Return how to read boxes and scores; None if the outputs are not these.

    Raises:
        ReadingError: it remains doubtful what they mean.
    """
    found = boxes_and_scores(file.shapes)
    if found is None:
        return None
    size = image_size(file)
    runs = probe()
    boxes = _flat([arrays[found.boxes] for arrays in runs], 4)
    scores = _flat([arrays[found.scores] for arrays in runs], max(found.classes, 1))
    if _is_retinanet(found.boxes, found.rows, size):
        return _retinanet(file, found.classes)
    reading = Reading("ssd", "the shapes of its outputs", label_type="rectangle")
    largest = float(np.abs(boxes).max(initial=0))
    if largest > _FRACTION:
        reading.set(f"{_RUN}: up to {largest:.0f}", box_unit="pixels")
    else:
        reading.set(f"{_RUN}: up to {largest:.2f}", box_unit="fractions")
    form, source = _corners(file, boxes)
    reading.set(source, boxes=form)
    if ((scores >= 0) & (scores <= 1 + 1e-3)).all():
        reading.set(f"{_RUN}: scores within 0..1", activation="none")
    else:
        raise ReadingError(
            f"{file.name} has boxes, and scores that are not probabilities ({file.listing()}), and "
            "does not say how they become some; add --head detr or ssd, --option "
            "activation=sigmoid or softmax, and background if one class is no object"
        )
    if file.producer.startswith("tf") or file.suffix in _TENSORFLOW:
        reading.set(f"{ASSUMED} (-1..1, as TensorFlow's SSD)", mean=[127.5] * 3, scale=[127.5] * 3)
    else:
        reading.set(f"{ASSUMED} (0..1)", **_FEED_255)
    reading.name(file, found.classes)
    return reading


def _corners(file: ModelFile, boxes: NDArray[np.float64]) -> tuple[str, str]:
    """Return the format of the boxes and where it is from."""
    placed = boxes[(boxes != 0).any(axis=1)]
    ordered = ((placed[:, 2:] >= placed[:, :2]).all(axis=1)).mean() if len(placed) else 0.0
    if ordered < _FEW:
        return "cxcywh", f"{_RUN}: the last two are often less than the first two"
    tensorflow = file.producer.startswith("tf") or file.suffix in _TENSORFLOW
    pixels = np.abs(placed).max() > _FRACTION
    if ordered < _MOST or not (tensorflow or pixels or file.producer == "pytorch"):
        raise ReadingError(
            f"{file.name} does not say in which order its boxes have their values "
            f"({file.listing()}); add --option boxes=xyxy, yxyx (TensorFlow) or cxcywh"
        )
    if tensorflow:
        return "yxyx", f"{_RUN}: corners; TensorFlow has y first"
    return "xyxy", f"{_RUN}: corners"


def _is_retinanet(name: str, rows: int, size: tuple[int, int] | None) -> bool:
    return "regression" in name or (
        size is not None and -1 not in size and rows == retina_rows(size)
    )


def _retinanet(file: ModelFile, classes: int) -> Reading:
    reading = Reading("retinanet", "the shapes and names of its outputs", label_type="rectangle")
    reading.set(DOCUMENTED, resize="letterbox_top_left", mean=list(IMAGENET_MEAN))
    reading.set(DOCUMENTED, scale=list(IMAGENET_STD))
    reading.name(file, classes)
    return reading


def _flat(arrays: list[NDArray[Any]], columns: int) -> NDArray[np.float64]:
    rows = np.concatenate([array.reshape(-1, columns) for array in arrays]).astype(np.float64)
    return rows[np.isfinite(rows).all(axis=1)]
