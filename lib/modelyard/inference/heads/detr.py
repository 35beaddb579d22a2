"""DETR: Carion et al., "End-to-End Object Detection with Transformers" (arXiv 2005.12872).

Two outputs: float32 [1, Q, C + 1], logits of the classes of Q queries, the last one for no object,
and float32 [1, Q, 4], centre and sides of their boxes as fractions of the input. Each query is for
another object, so nothing is suppressed. Fed with RGB normalised by ImageNet's mean and deviation,
stretched, since an exported file has one size (datasets/transforms.py and main.py of its code).

RT-DETR and Deformable DETR have a sigmoid for each class and none for no object: say
`activation="sigmoid", background="none"`.
"""

from typing import Final

from modelyard.inference.heads.found import Answer, Found, of_places
from modelyard.inference.heads.options import IMAGENET_DEVIATION, IMAGENET_MEAN, HeadOptions
from modelyard.inference.heads.shapes import Outputs, boxes_and_scores, is_query_count, says_queries

DEFAULTS: Final = HeadOptions(
    mean=IMAGENET_MEAN,
    scale=IMAGENET_DEVIATION,
    activation="softmax",
    background="last",
    boxes="cxcywh",
    nms="none",
)


def classes(outputs: Outputs, size: tuple[int, int]) -> int | None:
    """Return C + 1, or None where the outputs are not such two. `size` of the input is any."""
    found = boxes_and_scores(outputs)
    if found is None or not (is_query_count(found.rows) or says_queries(found)):
        return None
    return found.classes


def decode(answer: Answer, threshold: float) -> Found:
    """Return every class of every query with a score of at least `threshold`."""
    return of_places(answer, threshold)
