"""What a detection graph of TensorFlow's Object Detection API gives.

Its exporter (`exporter.py` in research/object_detection of the TensorFlow models) names the outputs
and ends the graph with non-maximum suppression, class by class. All graphs of its model zoo have
these: `detection_boxes` float32 [1, N, 4] top, left, bottom, right as fractions of the image,
`detection_scores` float32 [1, N] 0..1, `detection_classes` float32 [1, N], which are ids counted
from 1, `num_detections` float32 [1], the rest being padding, and, of networks with masks,
`detection_masks` float32 [1, N, h, w], the chance that a point within the box is on the object.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Detections(NamedTuple):
    """What is seen in an image, best first.

    Attributes:
        boxes: float32 [N, 4] left, top, right, bottom as fractions of the image; unclipped.
        scores: float32 [N], 0..1.
        classes: int64 [N], ids of the data set, from 1 on.
        masks: float32 [N, h, w], 0..1 over the box; None of a network without masks.
    """

    boxes: Floats
    scores: Floats
    classes: NDArray[np.int64]
    masks: Floats | None


def detections(outputs: Mapping[str, NDArray[Any]], threshold: float) -> Detections:
    """Return what the graph's outputs, named as in TensorFlow ("detection_boxes:0"), show.

    Args:
        outputs: As above.
        threshold: The least score.
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
