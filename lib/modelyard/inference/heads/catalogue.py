"""All heads by name."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from modelyard.annotation import Rectangle, Shape
from modelyard.imaging import Fit
from modelyard.inference.heads import (
    classification,
    detr,
    retinanet,
    segmentation,
    ssd,
    yolov5,
    yolov8,
    yolox,
)
from modelyard.inference.heads.found import Answer, Found, best
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.shapes import Outputs

Names = Mapping[int, str]
"""Labels by the network's class numbers."""


class Head(NamedTuple):
    """How to feed a kind of network and decode its outputs.

    Attributes:
        defaults: The options, unless the author sets others.
        classes: Returns the number of classes for these outputs and this input size, background
            included; -1 if the outputs do not tell, None if they do not match the head.
        read: Decodes an answer to shapes in pixels of the image, with a score of at least a
            threshold.
    """

    defaults: HeadOptions
    classes: Callable[[Outputs, tuple[int, int]], int | None]
    read: Callable[[Answer, Fit, Names, float], Sequence[Shape]]


def _rectangles(decode: Callable[[Answer, float], Found]) -> Callable[..., list[Rectangle]]:
    def read(answer: Answer, fit: Fit, names: Names, threshold: float) -> list[Rectangle]:
        found = decode(answer, threshold)
        options = answer.options
        if decode is ssd.decode and ssd.suppresses(answer.outputs):
            options = msgspec.structs.replace(options, nms="none")
        named = np.flatnonzero(np.isin(found.classes, list(names)))
        found = best(found.take(named), options)
        width, height = fit.source
        boxes = fit.to_source(found.boxes).clip(0, (width, height, width, height))
        return [
            Rectangle(names[kind], box, confidence=score)
            for box, score, kind in zip(boxes, found.scores, found.classes.tolist(), strict=True)
        ]

    return read


HEADS: Final[Mapping[str, Head]] = {
    "yolov8": Head(yolov8.DEFAULTS, yolov8.classes, _rectangles(yolov8.decode)),
    "yolov5": Head(yolov5.DEFAULTS, yolov5.classes, _rectangles(yolov5.decode)),
    "yolox": Head(yolox.DEFAULTS, yolox.classes, _rectangles(yolox.decode)),
    "ssd": Head(ssd.DEFAULTS, ssd.classes, _rectangles(ssd.decode)),
    "detr": Head(detr.DEFAULTS, detr.classes, _rectangles(detr.decode)),
    "retinanet": Head(retinanet.DEFAULTS, retinanet.classes, _rectangles(retinanet.decode)),
    "segmentation": Head(segmentation.DEFAULTS, segmentation.classes, segmentation.masks),
    "classification": Head(
        classification.DEFAULTS,
        classification.classes,
        lambda answer, _, names, threshold: classification.tags(answer, names, threshold),
    ),
}
