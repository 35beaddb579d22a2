"""DETR: Carion et al., "End-to-End Object Detection with Transformers" (arXiv 2005.12872).

Two outputs: float32 [1, Q, C + 1], logits of the classes of Q queries, the last one "no object",
and float32 [1, Q, 4], centre and size of their boxes as fractions of the input. Each query finds a
different object, so NMS is not needed. Input: RGB normalised with ImageNet's mean and standard
deviation, stretched, since an exported file has a fixed size (datasets/transforms.py and main.py of
its code).

RT-DETR and Deformable DETR have a sigmoid for each class and no "no object" class: set
`activation="sigmoid", background="none"`.
"""

from typing import Final

from modelyard.inference.heads.found import Answer, Found, decode_rows
from modelyard.inference.heads.options import IMAGENET_MEAN, IMAGENET_STD, HeadOptions
from modelyard.inference.heads.shapes import (
    Outputs,
    boxes_and_scores,
    has_query_names,
    is_query_count,
)

DEFAULTS: Final = HeadOptions(
    mean=IMAGENET_MEAN,
    scale=IMAGENET_STD,
    activation="softmax",
    background="last",
    boxes="cxcywh",
    nms="none",
)


def classes(outputs: Outputs, size: tuple[int, int]) -> int | None:
    """Return C + 1, or None if the outputs do not match. Any input `size` is accepted."""
    found = boxes_and_scores(outputs)
    if found is None or not (is_query_count(found.rows) or has_query_names(found)):
        return None
    return found.classes


def decode(answer: Answer, threshold: float) -> Found:
    """Return every class of every query with a score of at least `threshold`."""
    return decode_rows(answer, threshold)
