"""Runs frozen graphs of TensorFlow's Object Detection API."""

from typing import ClassVar, Final

from modelyard.annotation import Rectangle
from modelyard.imaging import Image, Interpolation, letterbox, resize
from modelyard.inference.device import Device
from modelyard.inference.openvino import OpenVINOSession
from modelyard.inference.rectangles import rectangles
from modelyard.inference.tf_detection import detections
from modelyard.serving.author.assets import Assets
from modelyard.serving.author.model import Detector

_PIXELS: Final = "image_tensor:0"
_LARGEST: Final = (1920, 1080)


class TfDetector(Detector):
    """Runs a graph that takes an image of any size, uint8 [1, height, width, 3] RGB, 0..255.

    The graph resizes it itself. Images larger than 1920x1080 are scaled down to fit (by area,
    keeping the aspect ratio), which bounds memory. The outputs are those of
    `modelyard.inference.tf_detection`.

    Attributes:
        weights: Path of the network's file.
    """

    weights: ClassVar[str]

    def load(self, assets: Assets, device: Device) -> None:
        """Load the network."""
        self._names = {label.id: label.name for label in assets.labels if label.id is not None}
        self._session = OpenVINOSession(assets.weights(self.weights), device=device)

    def detect(self, image: Image, threshold: float) -> list[Rectangle]:
        """Return detections with a score of at least `threshold`, best first."""
        inner = letterbox(image.size, _LARGEST, enlarge=False).inner
        fit = resize(image.size, inner)
        pixels = fit.apply(image.pixels, interpolation=Interpolation.AREA)
        found = detections(self._session.infer({_PIXELS: pixels[None]}), threshold)
        return rectangles(found.boxes, found.scores, found.classes, self._names, image.size)
