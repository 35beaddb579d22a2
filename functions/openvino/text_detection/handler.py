"""The detector: two networks of PP-OCR, one for text detection and one for recognition."""

from typing import ClassVar, Final

import numpy as np

from modelyard import (
    Assets,
    Attribute,
    Detector,
    Device,
    Image,
    OpenVINOSession,
    Pixels,
    Polygon,
    resize,
)
from modelyard.annotation import LabelError
from modelyard.imaging import Fit
from text_detection.reading import Line, alphabet, batches, cut_out, pack, spell
from text_detection.regions import Quads, find_regions

_FINDER: Final = "PP-OCRv6_det_small.onnx"
_READER: Final = "PP-OCRv6_rec_small.onnx"
_INPUT: Final = "x"
_OUTPUT: Final = "fetch_name_0"
_ALPHABET: Final = "character"
_MULTIPLE: Final = 32
_SHORT_SIDE: Final = 480
_LONG_SIDE: Final = 2000
# ImageNet's mean and standard deviation, applied to BGR in this order, as in training.
_MEAN: Final = np.array([0.485, 0.456, 0.406], np.float32) * 255
_STD: Final = np.array([0.229, 0.224, 0.225], np.float32) * 255


class TextDetection(Detector):
    """PP-OCRv6 (small): lines of text as polygons, with the recognised text as an attribute.

    The detection network takes the image scaled (bilinear) so that its short side is at least 480
    pixels and its long side at most 2000, both multiples of 32: float32 [1, 3, H, W] BGR,
    normalised. It gives a probability for each pixel, float32 [1, 1, H, W]. Each detected line is
    cropped, rectified and scaled to a height of 48 pixels for the recognition network: float32 [N,
    3, 48, W] BGR, -1..1, which gives probabilities of 18710 characters at each step, float32 [N, W
    / 8, 18710].

    Normalisation, thresholds and unclip ratio of the detection are those of PP-OCRv6_small_det.yml
    in PaddleOCR's repository; the input of the recognition is that of rapidocr 3.10.0.

    Attributes:
        certain: A line recognised with a lower score is also read upside down, and the more
            probable reading wins: text may run upwards, and pictures may be upside down.
        legible: Minimum mean probability of a line's characters; below it the polygon is reported
            without text.
        budget: Maximum total width of a recognition batch, in pixels; bounds the memory.
    """

    certain: ClassVar[float] = 0.9
    legible: ClassVar[float] = 0.5
    budget: ClassVar[int] = 3200

    def load(self, assets: Assets, device: Device) -> None:
        """Load the networks.

        Raises:
            LabelError: there is not exactly one label, with at most one attribute, of text.
        """
        if len(assets.labels) != 1:
            raise LabelError(f"one label is needed, not {len(assets.labels)}: this finds text")
        (label,) = assets.labels
        if any(attribute.input_type != "text" for attribute in label.attributes[:1]):
            raise LabelError(f"the first attribute of {label.name!r} must be of type text")
        self._label = label.name
        self._attribute = label.attributes[0].name if label.attributes else None
        self._finder = OpenVINOSession(
            assets.weights(_FINDER), device=device, shapes={_INPUT: (1, 3, -1, -1)}
        )
        self._reader = OpenVINOSession(assets.weights(_READER), device=device)
        self._characters = alphabet(self._reader.metadata[_ALPHABET])

    def detect(self, image: Image, threshold: float) -> list[Polygon]:
        """Return lines of text with a score of at least `threshold`, in reading order."""
        fit = fitted(image.size)
        pixels = (fit.apply(image.pixels)[..., ::-1] - _MEAN) / _STD
        probabilities = self._finder.infer({_INPUT: pixels.transpose(2, 0, 1)[None]})[_OUTPUT][0, 0]
        regions = find_regions(probabilities, threshold)
        quads = fit.to_source(regions.quads)
        lines = self._read(image, quads) if self._attribute else [Line("", 0.0)] * len(quads)
        return [
            Polygon(self._label, quad, confidence=score, attributes=self._attributes(line))
            for quad, score, line in zip(quads, regions.scores, lines, strict=True)
        ]

    def _attributes(self, line: Line) -> tuple[Attribute, ...]:
        if self._attribute is None or not line.text or line.score < self.legible:
            return ()
        return (Attribute(self._attribute, line.text),)

    def _read(self, image: Image, quads: Quads) -> list[Line]:
        cuts = [cut_out(image.pixels, quad) for quad in quads]
        lines = self._read_cuts(cuts)
        doubtful = [index for index, line in enumerate(lines) if line.score < self.certain]
        turned = self._read_cuts([cuts[index][::-1, ::-1] for index in doubtful])
        for index, line in zip(doubtful, turned, strict=True):
            lines[index] = max(lines[index], line, key=lambda line: line.score)
        return lines

    def _read_cuts(self, cuts: list[Pixels]) -> list[Line]:
        lines = [Line("", 0.0)] * len(cuts)
        for group in batches([cut.shape[1] for cut in cuts], self.budget):
            seen = self._reader.infer({_INPUT: pack([cuts[index] for index in group])})[_OUTPUT]
            for index, line in zip(group, spell(seen, self._characters), strict=True):
                lines[index] = line
        return lines


def fitted(size: tuple[int, int]) -> Fit:
    """Return the scaling of an image of this width and height for detection."""
    scale = min(max(1.0, _SHORT_SIDE / min(size)), _LONG_SIDE / max(size))
    width, height = (max(round(side * scale / _MULTIPLE), 1) * _MULTIPLE for side in size)
    return resize(size, (width, height))
