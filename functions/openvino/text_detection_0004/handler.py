"""Open Model Zoo's text-detection-0004."""

from typing import Any, ClassVar, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from modelyard import Assets, Detector, Device, Image, Mask, OpenVINOSession, resize
from text_detection_0004.pixellink import group

_WEIGHTS: Final = "text-detection-0004.xml"
_SIDE: Final = (1280, 768)
_TEXT: Final = "model/segm_logits/add"
_LINKS: Final = "model/link_logits_/add"


class TextDetection(Detector):
    """PixelLink on a MobileNetV2-like network.

    The network takes the whole image, stretched (bilinear) to 1280x768: [1, 768, 1280, 3] BGR,
    0..255. It gives logits for cells of 4x4 pixels, see `pixellink`. Size, colour order and outputs
    are from the model's README, thresholds and minimum sizes from its accuracy-check.yml in Open
    Model Zoo.

    Attributes:
        link_threshold: Minimum probability that links two cells of a word.
        least_area: Words whose upright or rotated box is smaller are dropped; in square pixels.
        least_side: So are those whose box has a shorter side; in pixels.
    """

    default_threshold: float = 0.8
    link_threshold: ClassVar[float] = 0.8
    least_area: ClassVar[float] = 300
    least_side: ClassVar[float] = 10

    def load(self, assets: Assets, device: Device) -> None:
        """Load the network."""
        (self._label,) = assets.labels.names
        self._session = OpenVINOSession(assets.weights(_WEIGHTS), device=device)
        (self._input,) = self._session.inputs

    def detect(self, image: Image, threshold: float) -> list[Mask]:
        """Return words: the pixels of cells with a text probability of at least `threshold`."""
        pixels = resize(image.size, _SIDE).apply(image.pixels)[None, ..., ::-1]
        outputs = self._session.infer({self._input: pixels})
        words = group(outputs[_TEXT][0], outputs[_LINKS][0], threshold, self.link_threshold)
        pixels_of = enlarged(words.cells, image.size)
        scale = np.array(image.size) / words.cells.shape[::-1]
        shapes = []
        places = zip(find_objects(words.cells), find_objects(pixels_of), strict=False)
        for number, (cells, part) in enumerate(places, 1):
            # In a small image a word of few cells may have no pixels.
            if part is None:
                continue
            rows, columns = np.nonzero(words.cells[cells] == number)
            corner = np.stack((columns + cells[1].start, rows + cells[0].start), axis=1)
            box = self._box(corner, scale)
            if box is not None:
                bitmap = pixels_of[part] == number
                score = words.scores[number - 1]
                place = (part[1].start, part[0].start)
                shapes.append(Mask(self._label, bitmap, *place, polygon=box, confidence=score))
        return sorted(shapes, key=lambda shape: -(shape.confidence or 0))

    def _box(
        self, cells: NDArray[np.integer[Any]], scale: NDArray[np.float64]
    ) -> tuple[float, ...] | None:
        """Return the corners of the smallest rotated box around cells [N, 2], in image pixels."""
        corners = cells[:, None] + np.array(((0, 0), (1, 0), (0, 1), (1, 1)))
        box = cv2.minAreaRect((corners.reshape(-1, 2) * scale).astype(np.float32))
        width, height = box[1]
        if min(width, height) < self.least_side or width * height < self.least_area:
            return None
        return tuple(cv2.boxPoints(box).ravel().tolist())


def enlarged(cells: NDArray[np.int32], size: tuple[int, int]) -> NDArray[np.int32]:
    """Return int32 [height, width]: for each pixel the cell that contains its centre."""
    rows, columns = cells.shape
    row = ((np.arange(size[1]) + 0.5) * rows / size[1]).astype(np.intp)
    column = ((np.arange(size[0]) + 0.5) * columns / size[0]).astype(np.intp)
    return np.asarray(cells[row][:, column])
