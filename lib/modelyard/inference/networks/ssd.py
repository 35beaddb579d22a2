"""SSDLite on MobileNetV2, trained on COCO with TensorFlow's Object Detection API."""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from modelyard.annotation import LabelError, LabelSet, Rectangle
from modelyard.imaging import Image, resize
from modelyard.inference.boxes import nms
from modelyard.inference.device import Device
from modelyard.inference.openvino import OpenVINOSession

_SIDE: Final = 300
_CLASSES: Final = 90
_PIXELS: Final = "image_tensor:0"
_BOXES: Final = "Postprocessor/ExpandDims_1:0"
_SCORES: Final = "Postprocessor/Slice:0"


class CocoSsdNetwork:
    """Detects objects of COCO's classes in an image.

    The network takes the whole image, stretched (bilinear) to 300x300 without keeping its
    aspect ratio: uint8 [1, 300, 300, 3] RGB, 0..255, which it normalises itself. It returns, for
    each of 1917 anchors, a box float32 [1, 1917, 1, 4] of top, left, bottom, right as fractions
    of the image, and the class scores 0..1 float32 [1, 1917, 90], where column k belongs to
    COCO id k + 1. Scores are independent of each other: an anchor may report several classes.

    Input size, `overlap` and `limit` are from the network's training configuration,
    ssdlite_mobilenet_v2_coco.config in the repository of the TensorFlow models.

    Attributes:
        overlap: IoU above which two boxes of a label are the same object.
        limit: Maximum number of objects per image.
        candidates: Maximum number of boxes considered; matters only for thresholds close to 0.
    """

    def __init__(
        self,
        model: Path,
        labels: LabelSet,
        device: Device,
        *,
        overlap: float = 0.6,
        limit: int = 100,
        candidates: int = 5000,
    ) -> None:
        """Load the network, to report objects of `labels`, whose ids are COCO's.

        Raises:
            LabelError: a label does not have an id from 1 to 90.
            OpenVINOError: the file cannot be loaded as a model.
        """
        for label in labels:
            if label.id is None or not 1 <= label.id <= _CLASSES:
                raise LabelError(f"label {label.name!r} needs an id from 1 to {_CLASSES}")
        self.overlap = overlap
        self.limit = limit
        self.candidates = candidates
        self._names = labels.names
        self._columns = np.array(labels.ids, np.int64) - 1
        self._session = OpenVINOSession(
            model, device=device, shapes={_PIXELS: (1, _SIDE, _SIDE, 3)}
        )

    def find(self, image: Image, threshold: float) -> list[Rectangle]:
        """Return detections with a score of at least `threshold`, best first."""
        fit = resize(image.size, (_SIDE, _SIDE))
        outputs = self._session.infer({_PIXELS: fit.apply(image.pixels)[None]})
        scores = outputs[_SCORES][0][:, self._columns]
        anchors, labels = self._candidates(scores, threshold)
        boxes = to_pixels(outputs[_BOXES].reshape(-1, 4)[anchors], image.size)
        scores = scores[anchors, labels]
        return [
            Rectangle(self._names[labels[index]], boxes[index], confidence=scores[index])
            for index in nms(boxes, scores, self.overlap, classes=labels, limit=self.limit)
        ]

    def _candidates(
        self, scores: NDArray[np.float32], threshold: float
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return row and column of the scores [N, M] of at least `threshold`, only the best."""
        anchors, labels = np.nonzero(scores >= threshold)
        if len(anchors) > self.candidates:
            best = np.argpartition(-scores[anchors, labels], self.candidates)[: self.candidates]
            anchors, labels = anchors[best], labels[best]
        return anchors, labels


def to_pixels(boxes: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Convert fractions of an image to pixels, clipped to the image.

    Args:
        boxes: [N, 4] of top, left, bottom, right; 0..1 is inside the image.
        size: Width and height of the image.

    Returns:
        [N, 4] of left, top, right, bottom in pixels.
    """
    return np.clip(boxes[:, [1, 0, 3, 2]], 0, 1) * np.array([*size, *size], np.float32)
