"""The detector: BlazeFace as MediaPipe runs it."""

from typing import ClassVar, Final

import numpy as np

from face_detection.decoding import SIDE, decode, merge
from modelyard import Assets, Detector, Device, Image, OpenVINOSession, Rectangle, letterbox
from modelyard.annotation import LabelError

_WEIGHTS: Final = "face_detection_short_range.tflite"
_INPUT: Final = "input"
_BOXES: Final = "regressors"
_SCORES: Final = "classificators"


class FaceDetection(Detector):
    """BlazeFace, the model for faces within two metres of the camera.

    The network takes the image letterboxed (bilinear, centred, black) to 128x128: float32 [1, 128,
    128, 3] RGB, -1..1. It gives, for 896 anchors, box and landmarks float32 [1, 896, 16] in its
    pixels and a logit [1, 896, 1].

    Input, anchors and `overlap` are those of MediaPipe's graph face_detection_short_range.

    Attributes:
        overlap: Boxes whose IoU with the best one is higher are the same face.
    """

    overlap: ClassVar[float] = 0.3

    def load(self, assets: Assets, device: Device) -> None:
        """Load the network.

        Raises:
            LabelError: there is not exactly one label.
        """
        if len(assets.labels) != 1:
            raise LabelError(f"one label is needed, not {len(assets.labels)}: this finds faces")
        (self._label,) = assets.labels.names
        self._session = OpenVINOSession(assets.weights(_WEIGHTS), device=device)

    def detect(self, image: Image, threshold: float) -> list[Rectangle]:
        """Return faces with a score of at least `threshold`, best first."""
        fit = letterbox(image.size, (SIDE, SIDE))
        pixels = fit.apply(image.pixels, fill=0).astype(np.float32) / 127.5 - 1
        outputs = self._session.infer({_INPUT: pixels[None]})
        faces = decode(outputs[_BOXES][0], outputs[_SCORES][0, :, 0], threshold)
        boxes, scores = merge(faces, self.overlap)
        return [
            Rectangle(self._label, box, confidence=score)
            for box, score in zip(fit.to_source(boxes), scores, strict=True)
        ]
