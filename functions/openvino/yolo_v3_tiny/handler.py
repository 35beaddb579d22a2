"""YOLOv3-tiny, converted from darknet's own files."""

from typing import ClassVar, Final

import numpy as np

from modelyard import Assets, Detector, Device, Image, OpenVINOSession, Rectangle, letterbox
from modelyard.inference.rectangles import rectangles
from modelyard.inference.yolo_v3 import detect

_WEIGHTS: Final = "yolo_v3_tiny.xml"
_SIDE: Final = (416, 416)
# Masks 3,4,5 and 1,2,3 of the anchors in yolov3-tiny.cfg, in the order of its yolo layers. The file
# has 0,1,2 for the second; box sizes in pictures show that the weights were trained with 1,2,3.
_HEADS: Final = {
    "head_0": ((81, 82), (135, 169), (344, 319)),
    "head_1": ((23, 27), (37, 58), (81, 82)),
}


class YoloV3Tiny(Detector):
    """The small variant of YOLOv3 (Redmon and Farhadi, 2018), trained by its authors on COCO.

    The network takes float32 [1, 3, 416, 416] RGB, 0..1. As in darknet (`letterbox_image` in its
    image.c) the image is letterboxed: scaled bilinearly and centred on a grey canvas. Its outputs
    are raw heads of 13x13 and 26x26 cells, see `modelyard.inference.yolo_v3`.

    Attributes:
        overlap: IoU threshold of non-maximum suppression, per label; darknet's default.
        limit: Maximum number of objects per image.
        candidates: Maximum number of boxes considered, relevant only at thresholds close to 0.
    """

    overlap: ClassVar[float] = 0.45
    limit: ClassVar[int] = 100
    candidates: ClassVar[int] = 5000

    def load(self, assets: Assets, device: Device) -> None:
        """Load the network."""
        self._names = {label.id: label.name for label in assets.labels if label.id is not None}
        self._session = OpenVINOSession(assets.weights(_WEIGHTS), device=device)

    def detect(self, image: Image, threshold: float) -> list[Rectangle]:
        """Return objects with a score of at least `threshold`, best first."""
        fit = letterbox(image.size, _SIDE)
        pixels = fit.apply(image.pixels, fill=127).transpose(2, 0, 1)[None]
        outputs = self._session.infer({"images": pixels.astype(np.float32) / 255})
        found = detect(
            [(outputs[name][0], anchors) for name, anchors in _HEADS.items()],
            _SIDE,
            threshold,
            overlap=self.overlap,
            candidates=self.candidates,
            limit=self.limit,
        )
        boxes = fit.to_source(found.boxes * (*_SIDE, *_SIDE)) / (*image.size, *image.size)
        return rectangles(boxes, found.scores, found.classes, self._names, image.size)
