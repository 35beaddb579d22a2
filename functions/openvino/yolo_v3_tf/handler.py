"""YOLOv3 as Open Model Zoo publishes it, the model `yolo-v3-tf`."""

from typing import ClassVar, Final

import numpy as np

from modelyard import Assets, Detector, Device, Image, OpenVINOSession, Rectangle, resize
from modelyard.inference.rectangles import rectangles
from modelyard.inference.yolo_v3 import detect

_WEIGHTS: Final = "yolo_v3_tf.xml"
_PIXELS: Final = "input_1:0"
_SIDE: Final = (416, 416)
_HEADS: Final = {
    "conv2d_58/BiasAdd:0": ((116, 90), (156, 198), (373, 326)),
    "conv2d_66/BiasAdd:0": ((30, 61), (62, 45), (59, 119)),
    "conv2d_74/BiasAdd:0": ((10, 13), (16, 30), (33, 23)),
}


class YoloV3(Detector):
    """YOLOv3 (Redmon and Farhadi, 2018), its darknet weights in a frozen TensorFlow graph.

    The network takes the whole image, stretched (bilinear) to 416x416: float32 [1, 416, 416, 3]
    RGB, 0..1. Open Model Zoo's converter would reverse the channels and put the division by 255
    into the network; the published graph itself has neither. Its outputs are raw heads [1, rows,
    columns, 255] of 13, 26 and 52 cells a side, see `modelyard.inference.yolo_v3`. All of this is
    from the model's README and accuracy-check.yml there.

    Attributes:
        overlap: IoU threshold of non-maximum suppression, per label; CVAT's value.
        limit: Maximum number of objects per image.
        candidates: Maximum number of boxes considered, relevant only at thresholds close to 0.
    """

    overlap: ClassVar[float] = 0.4
    limit: ClassVar[int] = 100
    candidates: ClassVar[int] = 5000

    def load(self, assets: Assets, device: Device) -> None:
        """Load the network."""
        self._names = {label.id: label.name for label in assets.labels if label.id is not None}
        self._session = OpenVINOSession(
            assets.weights(_WEIGHTS), device=device, shapes={_PIXELS: (1, *_SIDE, 3)}
        )

    def detect(self, image: Image, threshold: float) -> list[Rectangle]:
        """Return objects with a score of at least `threshold`, best first."""
        pixels = resize(image.size, _SIDE).apply(image.pixels)[None]
        outputs = self._session.infer({_PIXELS: pixels.astype(np.float32) / 255})
        found = detect(
            [(outputs[name][0].transpose(2, 0, 1), anchors) for name, anchors in _HEADS.items()],
            _SIDE,
            threshold,
            overlap=self.overlap,
            candidates=self.candidates,
            limit=self.limit,
        )
        return rectangles(found.boxes, found.scores, found.classes, self._names, image.size)
