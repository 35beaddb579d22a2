"""Mask R-CNN of TensorFlow's model zoo; CVAT takes it from Open Model Zoo."""

from typing import Final

import numpy as np

from modelyard import Assets, Detector, Device, Image, Mask, OpenVINOSession, polygons, resize
from modelyard.imaging import Crop
from modelyard.inference.mask_paste import paste
from modelyard.inference.tf_detection import detections

_WEIGHTS: Final = "mask_rcnn_inception_resnet_v2_atrous_coco.xml"
_PIXELS: Final = "image_tensor:0"
_SIDE: Final = (1365, 800)


class MaskRcnn(Detector):
    """Mask R-CNN on Inception-ResNet v2, trained on COCO with TensorFlow's Object Detection API.

    The network takes the whole image, stretched (bilinear) to 1365x800: uint8 [1, 800, 1365, 3]
    RGB, 0..255, which it normalises itself. The size is from Open Model Zoo; its converter would
    make the input BGR, the published graph takes RGB. The outputs are those of
    `modelyard.inference.tf_detection`, with masks of 33x33 over each box.
    """

    default_threshold: float = 0.2

    def load(self, assets: Assets, device: Device) -> None:
        """Load the network."""
        self._names = {label.id: label.name for label in assets.labels if label.id is not None}
        self._session = OpenVINOSession(
            assets.weights(_WEIGHTS), device=device, shapes={_PIXELS: (1, _SIDE[1], _SIDE[0], 3)}
        )

    def detect(self, image: Image, threshold: float) -> list[Mask]:
        """Return objects with a score of at least `threshold`, best first."""
        pixels = resize(image.size, _SIDE).apply(image.pixels)[None]
        found = detections(self._session.infer({_PIXELS: pixels}), threshold)
        if found.masks is None:
            return []
        boxes = found.boxes.astype(np.float64) * (*image.size, *image.size)
        shapes = []
        for index, (box, number) in enumerate(zip(boxes, found.classes.tolist(), strict=True)):
            part = paste(found.masks[index], tuple(box), image.size)
            if part is not None and number in self._names:
                score = found.scores[index]
                outline = _outline(part)
                shapes.append(Mask(self._names[number], *part, polygon=outline, confidence=score))
        return shapes


def _outline(part: Crop) -> tuple[float, ...]:
    """Return the outline of the largest part of an object."""
    largest = polygons(part.bitmap)[0] + (part.left, part.top)
    return tuple(largest.ravel().tolist())
