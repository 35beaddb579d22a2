"""Faster R-CNN of TensorFlow's model zoo; CVAT takes it from Open Model Zoo."""

from typing import Final

from modelyard import Assets, Detector, Device, Image, OpenVINOSession, Rectangle, resize
from modelyard.inference.rectangles import rectangles
from modelyard.inference.tf_detection import detections

_WEIGHTS: Final = "faster_rcnn_inception_resnet_v2_atrous_coco.xml"
_PIXELS: Final = "image_tensor:0"
_SIDE: Final = (1024, 600)


class FasterRcnn(Detector):
    """Faster R-CNN on Inception-ResNet v2, trained on COCO with TensorFlow's detection API.

    The network takes the whole image, stretched (bilinear) to 1024x600: uint8 [1, 600, 1024, 3]
    RGB, 0..255, which it normalises itself. The size is from Open Model Zoo; its converter would
    make the input BGR, the published graph takes RGB. The outputs are those of
    `modelyard.inference.tf_detection`.
    """

    def load(self, assets: Assets, device: Device) -> None:
        """Load the network."""
        self._names = {label.id: label.name for label in assets.labels if label.id is not None}
        self._session = OpenVINOSession(
            assets.weights(_WEIGHTS), device=device, shapes={_PIXELS: (1, _SIDE[1], _SIDE[0], 3)}
        )

    def detect(self, image: Image, threshold: float) -> list[Rectangle]:
        """Return objects with a score of at least `threshold`, best first."""
        pixels = resize(image.size, _SIDE).apply(image.pixels)[None]
        found = detections(self._session.infer({_PIXELS: pixels}), threshold)
        return rectangles(found.boxes, found.scores, found.classes, self._names, image.size)
