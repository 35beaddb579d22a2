"""Reads the outputs of detection graphs of TensorFlow's Object Detection API.

Its exporter (`exporter.py` in research/object_detection of the TensorFlow models) names the outputs
and ends the graph with NMS per class. All graphs of its model zoo have these: `detection_boxes`
float32 [1, N, 4] top, left, bottom, right as fractions of the image, `detection_scores` float32 [1,
N] 0..1, `detection_classes` float32 [1, N], ids counted from 1, `num_detections` float32 [1],
beyond which rows are padding, and, with masks, `detection_masks` float32 [1, N, h, w], the
probability that a point within the box is on the object.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Detections(NamedTuple):
    """Detections in an image, best first.

    Attributes:
        boxes: float32 [N, 4] left, top, right, bottom as fractions of the image; unclipped.
        scores: float32 [N], 0..1.
        classes: int64 [N], ids of the data set, from 1.
        masks: float32 [N, h, w], 0..1 over the box; None for a network without masks.
    """

    boxes: Floats
    scores: Floats
    classes: NDArray[np.int64]
    masks: Floats | None


def detections(outputs: Mapping[str, NDArray[Any]], threshold: float) -> Detections:
    """Return the detections in the graph's outputs, named as in TensorFlow ("detection_boxes:0").

    Args:
        outputs: See above.
        threshold: The minimum score.
    """
    count = int(outputs["num_detections:0"][0])
    scores = outputs["detection_scores:0"][0, :count]
    ranked = np.argsort(-scores, kind="stable")
    kept = ranked[scores[ranked] >= threshold]
    masks = outputs.get("detection_masks:0")
    return Detections(
        outputs["detection_boxes:0"][0, kept][:, [1, 0, 3, 2]],
        scores[kept],
        outputs["detection_classes:0"][0, kept].astype(np.int64),
        None if masks is None else masks[0, kept],
    )
