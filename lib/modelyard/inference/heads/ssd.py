"""Boxes that the graph itself has decoded, perhaps with NMS: SSD and many others.

Liu et al., "SSD: Single Shot MultiBox Detector" (arXiv 1512.02325) ends by decoding
anchors and NMS; exporters put more or less of that into the file. Three formats are read:

* two outputs [1, N, 4] or [1, N, 1, 4] and [1, N, C]: boxes and class probabilities, before
  NMS;
* boxes [1, N, 4] or [N, 4], scores and classes [1, N] or [N], and perhaps their number [1],
  after NMS: TensorFlow Lite's `TFLite_Detection_PostProcess`, TensorFlow's Object Detection API,
  torchvision's detectors;
* one output [1, 1, N, 7] of image, class, score and corners: OpenVINO's `DetectionOutput`. A
  negative image index ends the list.

Input: stretched RGB; for floating point inputs -1..1, as TensorFlow's SSDs were trained. Boxes are
corners as fractions of the input, x before y; TensorFlow's have y first (`boxes="yxyx"`),
torchvision's are in pixels (`box_unit="pixels"`).
"""

from typing import Final

import numpy as np

from modelyard.inference.heads.found import Answer, Floats, Found, decode_rows
from modelyard.inference.heads.grids import retina_rows
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.shapes import (
    FinalOutputs,
    Outputs,
    boxes_and_scores,
    detection_output,
    final_detections,
    has_query_names,
)

DEFAULTS: Final = HeadOptions(
    mean=(127.5, 127.5, 127.5), scale=(127.5, 127.5, 127.5), nms_threshold=0.45
)


def classes(outputs: Outputs, size: tuple[int, int]) -> int | None:
    """Return C, -1 if the outputs do not tell, or None if they do not match."""
    if detection_output(outputs) or final_detections(outputs):
        return -1
    found = boxes_and_scores(outputs)
    if found is None or found.rows == retina_rows(size) or has_query_names(found):
        return None
    return found.classes


def decode(answer: Answer, threshold: float) -> Found:
    """Return all detections with a score of at least `threshold`."""
    if name := detection_output(answer.outputs):
        return _of_rows(answer.arrays[name].reshape(-1, 7), answer, threshold)
    if final := final_detections(answer.outputs):
        return _of_final(final, answer, threshold)
    return decode_rows(answer, threshold)


def suppresses(outputs: Outputs) -> bool:
    """Return whether the network applies NMS itself."""
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
