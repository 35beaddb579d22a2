"""Pre- and postprocessing, independent of the framework that runs the network."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Final

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from modelyard import Assets, Detector, Device, Image, Rectangle
from modelyard.annotation import LabelError
from retinanet_r101.decode import Objects, Seen, decode, least_logit

_UNUSED_IDS: Final = frozenset({12, 26, 29, 30, 45, 66, 68, 69, 71, 83})
COCO_IDS: Final = tuple(number for number in range(1, 91) if number not in _UNUSED_IDS)
"""The COCO id of each of the network's 80 classes."""
MEAN: Final = (103.53, 116.28, 123.675)
"""The mean of blue, green and red, 0..255, which is subtracted; there is no scaling."""
DIVISOR: Final = 32
"""Width and height of the network's input are multiples of this."""


class RetinaNetDetector(Detector):
    """RetinaNet on ResNet-101 with a feature pyramid, trained on COCO by detectron2's authors.

    Sizes, thresholds and limits are those of its configuration retinanet_R_101_FPN_3x, except
    that any threshold is honoured.

    Attributes:
        shortest: The image is scaled so that its shorter side has this many pixels ...
        longest: ... but its longer side at most this many.
        candidates: Maximum number of candidates considered for each of five maps.
        overlap: IoU threshold of non-maximum suppression, per label.
        limit: Maximum number of objects per image.
    """

    shortest: ClassVar[int] = 800
    longest: ClassVar[int] = 1333
    candidates: ClassVar[int] = 1000
    overlap: ClassVar[float] = 0.5
    limit: ClassVar[int] = 100

    def load(self, assets: Assets, device: Device) -> None:
        """Load the network.

        Raises:
            LabelError: a label has no id, or not one of COCO's.
        """
        for label in assets.labels:
            if label.id not in COCO_IDS:
                raise LabelError(f"label {label.name!r} needs the id of one of COCO's 80 classes")
        labels = zip(assets.labels.ids, assets.labels.names, strict=True)
        self._names = {COCO_IDS.index(number): name for number, name in labels if number}
        self._classes = np.isin(np.arange(len(COCO_IDS)), list(self._names))
        self.load_network(assets, device)

    @abstractmethod
    def load_network(self, assets: Assets, device: Device) -> None:
        """Load the network from the weights."""

    @abstractmethod
    def run_network(self, pixels: NDArray[np.float32], least: float) -> Sequence[Seen]:
        """Return the outputs of each map for anchors with a logit of at least `least`.

        Args:
            pixels: From `to_input`.
            least: May be minus infinity.
        """

    def warm_up(self) -> None:
        """Run the network on a small picture; a full-size one takes seconds on a CPU."""
        self.objects(np.zeros((DIVISOR, DIVISOR, 3), np.uint8), self.default_threshold)

    def detect(self, image: Image, threshold: float) -> list[Rectangle]:
        """Return objects with a score of at least `threshold`, best first."""
        size = fitting_size(image.size, self.shortest, self.longest)
        # As in detectron2: Pillow's downscaling is smoother than OpenCV's.
        scaled = PIL.Image.fromarray(image.pixels).resize(size, PIL.Image.Resampling.BILINEAR)
        objects = self.objects(np.asarray(scaled), threshold)
        factors = np.array(image.size) / size
        boxes = np.clip(objects.boxes * np.tile(factors, 2), 0, np.tile(image.size, 2))
        return [
            Rectangle(self._names[index], box, confidence=score)
            for box, score, index in zip(boxes, objects.scores, objects.classes, strict=True)
            if box[0] < box[2] and box[1] < box[3]
        ]

    def objects(self, pixels: NDArray[np.uint8], threshold: float) -> Objects:
        """Run the network on RGB uint8 [height, width, 3], without scaling."""
        canvas = to_input(pixels)
        return decode(
            self.run_network(canvas, least_logit(threshold)),
            (canvas.shape[2], canvas.shape[3]),
            threshold,
            candidates=self.candidates,
            overlap=self.overlap,
            limit=self.limit,
            classes=self._classes,
        )


def fitting_size(size: tuple[int, int], shortest: int, longest: int) -> tuple[int, int]:
    """Return the width and height that an image is scaled to, keeping its aspect ratio.

    Args:
        size: Width and height of the image.
        shortest: What the shorter side becomes ...
        longest: ... unless the longer side would exceed this.
    """
    scale = shortest / min(size)
    if max(size) * scale > longest:
        scale = longest / max(size)
    # The shorter side of a very long image would become 0.
    width, height = (max(1, int(side * scale + 0.5)) for side in size)
    return width, height


def to_input(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Convert RGB uint8 [height, width, 3] to the network's input.

    Returns:
        float32 [1, 3, H, W]: BGR minus `MEAN`, zero-padded at the bottom and right to a multiple of
        32.
    """
    height, width, _ = pixels.shape
    canvas = np.zeros((1, 3, _multiple(height), _multiple(width)), np.float32)
    bgr = pixels[:, :, ::-1].transpose(2, 0, 1)
    np.subtract(bgr, np.array(MEAN, np.float32)[:, None, None], out=canvas[0, :, :height, :width])
    return canvas


def _multiple(length: int) -> int:
    return -(-length // DIVISOR) * DIVISOR
