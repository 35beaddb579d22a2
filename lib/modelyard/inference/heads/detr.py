"""DETR: Carion et al., "End-to-End Object Detection with Transformers" (arXiv 2005.12872).

Two outputs: float32 [1, Q, C + 1], logits of the classes of Q queries, the last one "no object",
and float32 [1, Q, 4], centre and size of their boxes as fractions of the input. Each query finds a
different object, so NMS is not needed. Input: RGB normalised with ImageNet's mean and standard
deviation, stretched, since an exported file has a fixed size (datasets/transforms.py and main.py of
its code).

RT-DETR and Deformable DETR have a sigmoid for each class and no "no object" class: set
`activation="sigmoid", background="none"`. Ultralytics' RT-DETR has one output [1, Q, 4 + C] of
boxes and probabilities (`activation="none", background="none"`). RF-DETR with masks has a third
output [1, Q, h, w], logits over the whole input (`task="segment"`).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from modelyard.annotation import Shape
from modelyard.imaging import Fit
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.found import (
    Answer,
    Found,
    Labels,
    above,
    best,
    class_probabilities,
    labelled,
    one_a_row,
)
from modelyard.inference.heads.options import IMAGENET_MEAN, IMAGENET_STD, HeadOptions
from modelyard.inference.heads.results.masks import map_masks
from modelyard.inference.heads.results.rectangles import rectangles
from modelyard.inference.heads.shapes import Outputs, listing

DEFAULTS: Final = HeadOptions(
    mean=IMAGENET_MEAN,
    scale=IMAGENET_STD,
    activation="softmax",
    background="last",
    boxes="cxcywh",
    nms="none",
)

_BOXES: Final = ("box", "dets")
_SCORES: Final = ("logit", "label", "score", "class", "prob", "cls")


class _Layout(NamedTuple):
    """Names of the outputs; boxes and scores are the same one if they are joined."""

    boxes: str
    scores: str
    masks: str | None
    classes: int


def classes(outputs: Outputs, size: tuple[int, int], options: HeadOptions) -> int | None:
    """Return C or C + 1, or None if the outputs do not match. Any input `size` is accepted.

    Raises:
        HeadError: they do not match the options, or their names do not tell them apart.
    """
    layout = _layout(outputs)
    if layout is None:
        return None
    if options.task not in {"detect", "segment"}:
        raise HeadError(f'head detr has task "detect" or "segment", not {options.task!r}')
    if options.task == "segment" and layout.masks is None:
        raise HeadError(f'task "segment" needs masks (1, Q, h, w), not {listing(outputs)}')
    if layout.boxes == layout.scores and options.activation == "softmax":
        raise HeadError(
            f"output {listing(outputs)} joins boxes and scores, which are probabilities then: set "
            'head_options={"activation": "none", "background": "none"}'
        )
    return layout.classes


def read(answer: Answer, fit: Fit, labels: Labels, threshold: float) -> Sequence[Shape]:
    """Return the shapes of the classes of every query with a score of at least `threshold`.

    With a softmax only those of its best class, since classes exclude each other.
    """
    layout = _layout(answer.outputs)
    if layout is None:
        raise HeadError(f"outputs {listing(answer.outputs)} are not boxes and scores")
    scores = answer.arrays[layout.scores][0]
    boxes = answer.arrays[layout.boxes].reshape(len(scores), -1)[:, :4]
    if layout.boxes == layout.scores:
        scores = scores[:, 4:]
    scores = class_probabilities(scores, answer.options)
    row, kind = above(scores, threshold)
    found = Found(answer.pixels(boxes[row].astype(np.float32)), scores[row, kind], kind, row)
    if answer.options.activation == "softmax":
        found = one_a_row(found)
    found = best(labelled(found, labels), answer.options)
    if answer.options.task == "segment" and layout.masks is not None:
        return map_masks(found, answer.arrays[layout.masks][0], fit, labels, above=0.0)
    return rectangles(found, fit, labels)


def _layout(outputs: Outputs) -> _Layout | None:
    """Return which output is which, or None.

    Raises:
        HeadError: boxes and scores have the same shape, and their names do not tell them apart.
    """
    rows = [(name, shape) for name, shape in outputs if len(shape) == 3 and shape[0] in {-1, 1}]
    boxes = _one([name for name, shape in rows if shape[2] == 4], _BOXES, _SCORES, outputs)
    if boxes is None:
        if len(rows) == 1 and rows[0][1][2] >= 5:
            ((name, shape),) = rows
            return _Layout(name, name, _masks(outputs, shape[1]), shape[2] - 4)
        return None
    shapes = dict(rows)
    queries = shapes[boxes][1]
    others = [name for name, shape in rows if name != boxes and shape[1] == queries]
    scores = _one(others, _SCORES, _BOXES, outputs)
    if scores is None:
        return None
    return _Layout(boxes, scores, _masks(outputs, queries), shapes[scores][2])


def _one(
    names: Sequence[str], words: Sequence[str], others: Sequence[str], outputs: Outputs
) -> str | None:
    """Return the only name; of several, the only one that has such words, or lacks the others."""
    if len(names) < 2:
        return names[0] if names else None
    for chosen in (
        [name for name in names if any(word in name.lower() for word in words)],
        [name for name in names if not any(word in name.lower() for word in others)],
    ):
        if len(chosen) == 1:
            return chosen[0]
    raise HeadError(
        f"the names of {', '.join(names)} do not tell boxes from scores: rename them to boxes and "
        f"logits; the outputs are {listing(outputs)}"
    )


def _masks(outputs: Outputs, queries: int) -> str | None:
    found = [name for name, shape in outputs if len(shape) == 4 and shape[1] == queries]
    named = [name for name in found if "mask" in name.lower()] or found
    return named[0] if len(named) == 1 else None
