"""All heads by name."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from modelyard.annotation import Rectangle, Shape
from modelyard.imaging import Fit
from modelyard.inference.heads import (
    classification,
    detr,
    end2end,
    retinanet,
    segmentation,
    ssd,
    yolov5,
    yolov8,
    yolox,
)
from modelyard.inference.heads.final import is_final
from modelyard.inference.heads.found import Answer, Found, Labels, best, labelled
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.results.rectangles import rectangles
from modelyard.inference.heads.shapes import Outputs


class Head(NamedTuple):
    """How to feed a kind of network and decode its outputs.

    Attributes:
        defaults: The options, unless the author sets others.
        count_classes: See `classes`.
        read: Decodes an answer to shapes in pixels of the image, with a score of at least a
            threshold. Raises `HeadError` if the values are not what the options say.
    """

    defaults: HeadOptions
    count_classes: Callable[[Outputs, tuple[int, int], HeadOptions], int | None]
    read: Callable[[Answer, Fit, Labels, float], Sequence[Shape]]

    def classes(
        self, outputs: Outputs, size: tuple[int, int], options: HeadOptions | None = None
    ) -> int | None:
        """Return the number of classes, background included.

        Args:
            outputs: The network's outputs for an input of `size`.
            size: Width and height.
            options: By default, the head's.

        Returns:
            -1 if the outputs do not tell, None if they do not match the head.

        Raises:
            HeadError: they do not match the options; the message says which.
        """
        return self.count_classes(outputs, size, options or self.defaults)


def _rectangles(decode: Callable[[Answer, float], Found]) -> Callable[..., list[Rectangle]]:
    def read(answer: Answer, fit: Fit, labels: Labels, threshold: float) -> list[Rectangle]:
        found = labelled(decode(answer, threshold), labels)
        if decode is ssd.decode and is_final(answer.outputs):
            answer = answer.changed(nms="none")
        return rectangles(best(found, answer.options), fit, labels)

    return read


HEADS: Final[Mapping[str, Head]] = {
    "yolov8": Head(yolov8.DEFAULTS, yolov8.classes, yolov8.read),
    "yolov5": Head(yolov5.DEFAULTS, yolov5.classes, _rectangles(yolov5.decode)),
    "yolox": Head(yolox.DEFAULTS, yolox.classes, _rectangles(yolox.decode)),
    "end2end": Head(end2end.DEFAULTS, end2end.classes, end2end.read),
    "ssd": Head(ssd.DEFAULTS, ssd.classes, _rectangles(ssd.decode)),
    "detr": Head(detr.DEFAULTS, detr.classes, detr.read),
    "retinanet": Head(retinanet.DEFAULTS, retinanet.classes, _rectangles(retinanet.decode)),
    "segmentation": Head(segmentation.DEFAULTS, segmentation.classes, segmentation.masks),
    "classification": Head(
        classification.DEFAULTS,
        classification.classes,
        lambda answer, _, labels, threshold: classification.tags(answer, labels, threshold),
    ),
}
