"""Boxes that the graph itself has decoded, perhaps with NMS: SSD and many others.

Liu et al., "SSD: Single Shot MultiBox Detector" (arXiv 1512.02325) ends by decoding
anchors and NMS; exporters put more or less of that into the file. Read are two outputs [1, N, 4]
or [1, N, 1, 4] and [1, N, C], boxes and class probabilities before NMS, and those after NMS that
`final` describes.

Input: stretched RGB; for floating point inputs -1..1, as TensorFlow's SSDs were trained. Boxes are
corners as fractions of the input, x before y; TensorFlow's have y first (`boxes="yxyx"`),
torchvision's are in pixels (`box_unit="pixels"`).
"""

from typing import Final

from modelyard.inference.heads.final import decode_final, is_final
from modelyard.inference.heads.found import Answer, Found, decode_rows
from modelyard.inference.heads.grids import retina_rows
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.shapes import Outputs, boxes_and_scores, has_query_names

DEFAULTS: Final = HeadOptions(
    mean=(127.5, 127.5, 127.5), scale=(127.5, 127.5, 127.5), nms_threshold=0.45
)


def classes(outputs: Outputs, size: tuple[int, int], options: HeadOptions) -> int | None:
    """Return C, -1 if the outputs do not tell, or None if they do not match."""
    if is_final(outputs):
        return -1
    found = boxes_and_scores(outputs)
    if found is None or found.rows == retina_rows(size) or has_query_names(found):
        return None
    return found.classes


def decode(answer: Answer, threshold: float) -> Found:
    """Return all detections with a score of at least `threshold`."""
    if is_final(answer.outputs):
        return decode_final(answer, threshold)
    return decode_rows(answer, threshold)
