"""Boxes that a graph has decoded, and perhaps suppressed, itself: SSD and many others.

Liu et al., "SSD: Single Shot MultiBox Detector" (arXiv 1512.02325) ends with boxes from anchors and
suppression; exporters put more or less of that into the file. Three forms are read:

* two outputs [1, N, 4] or [1, N, 1, 4] and [1, N, C]: boxes and the chances of the classes, nothing
  suppressed yet;
* boxes [1, N, 4] or [N, 4], scores and classes [1, N] or [N], and perhaps their number [1], best
  ones only: TensorFlow Lite's `TFLite_Detection_PostProcess`, TensorFlow's Object Detection API,
  torchvision's detectors;
* one output [1, 1, N, 7] of image, class, score and corners: OpenVINO's `DetectionOutput`. An image
  below 0 ends the list.

Fed stretched, RGB; floating point inputs with -1..1, as TensorFlow's SSDs were trained. Boxes are
corners in fractions of the input, x before y; TensorFlow's have y first (`boxes="yxyx"`),
torchvision's are in pixels (`box_unit="pixels"`).
"""

from typing import Final

import numpy as np

from modelyard.inference.heads.found import Answer, Floats, Found, of_places
from modelyard.inference.heads.grids import retina_rows
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.shapes import (
    FinalOutputs,
    Outputs,
    boxes_and_scores,
    detection_output,
    final_detections,
    says_queries,
)

DEFAULTS: Final = HeadOptions(
    mean=(127.5, 127.5, 127.5), scale=(127.5, 127.5, 127.5), nms_threshold=0.45
)


def classes(outputs: Outputs, size: tuple[int, int]) -> int | None:
    """Return C, -1 where the outputs do not tell it, or None where they are of no such form."""
    if detection_output(outputs) or final_detections(outputs):
        return -1
    found = boxes_and_scores(outputs)
    if found is None or found.rows == retina_rows(size) or says_queries(found):
        return None
    return found.classes


def decode(answer: Answer, threshold: float) -> Found:
    """Return what has a score of at least `threshold`."""
    if name := detection_output(answer.outputs):
        return _of_rows(answer.arrays[name].reshape(-1, 7), answer, threshold)
    if final := final_detections(answer.outputs):
        return _of_final(final, answer, threshold)
    return of_places(answer, threshold)


def suppresses(outputs: Outputs) -> bool:
    """Say whether the network has done with doubles itself."""
    return bool(detection_output(outputs) or final_detections(outputs))


def _of_rows(rows: Floats, answer: Answer, threshold: float) -> Found:
    ends = np.flatnonzero(rows[:, 0] < 0)
    rows = rows[: ends[0]] if len(ends) else rows
    rows = rows[rows[:, 2] >= threshold]
    return Found(answer.pixels(rows[:, 3:]), rows[:, 2], rows[:, 1].astype(np.int64))


def _of_final(names: FinalOutputs, answer: Answer, threshold: float) -> Found:
    scores = answer.arrays[names.scores].reshape(-1)
    count = len(scores)
    if names.number is not None:
        count = int(answer.arrays[names.number].reshape(-1)[0])
    row = np.flatnonzero(scores[:count] >= threshold)
    return Found(
        answer.pixels(answer.arrays[names.boxes].reshape(-1, 4)[row]),
        scores[row],
        answer.arrays[names.classes].reshape(-1)[row].astype(np.int64),
    )
