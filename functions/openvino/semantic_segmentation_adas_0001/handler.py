"""Open Model Zoo's semantic-segmentation-adas-0001."""

from collections.abc import Iterator
from typing import ClassVar, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from annotation import Mask
from imaging import Crop, Image, polygons, resize
from inference.device import Device
from inference.openvino import OpenVINOSession
from serving.assets import Assets
from serving.model import Detector

_WEIGHTS: Final = "semantic-segmentation-adas-0001.xml"
_SIDE: Final = (2048, 1024)


class AdasSegmentation(Detector):
    """ICNet: each pixel of a street scene is of one of 21 classes.

    The network takes the whole image, stretched (bilinear) to 2048x1024 without keeping its
    proportions: [1, 3, 1024, 2048] BGR, 0..255. It gives the class of each pixel, [1, 1, 1024,
    2048], and no scores: the threshold has no effect and there is no confidence. All from the
    model's README in Open Model Zoo.

    Attributes:
        least_area: Parts of fewer pixels are noise and left out.
        limit: The most parts reported, the largest ones.
    """

    least_area: ClassVar[int] = 10
    limit: ClassVar[int] = 1000

    def load(self, assets: Assets, device: Device) -> None:
        """Load the network."""
        self._names = {label.id: label.name for label in assets.labels if label.id is not None}
        self._session = OpenVINOSession(assets.weights(_WEIGHTS), device=device)
        (self._input,) = self._session.inputs

    def detect(self, image: Image, threshold: float) -> list[Mask]:
        """Return every part of every class, the largest first."""
        pixels = resize(image.size, _SIDE).apply(image.pixels)[..., ::-1].transpose(2, 0, 1)
        (classes,) = self._session.infer({self._input: pixels[None]}).values()
        found = enlarged(classes[0, 0].astype(np.uint8), image.size)
        pieces = [
            (area, number, part)
            for number in self._names
            for area, part in parts(found == number)
            if area >= self.least_area
        ]
        pieces.sort(key=lambda piece: -piece[0])
        return [
            Mask(self._names[number], *part, polygon=_outline(part))
            for _, number, part in pieces[: self.limit]
        ]


def enlarged(classes: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return uint8 [height, width]: for each pixel the class of the cell its centre lies in."""
    rows, columns = classes.shape
    row = ((np.arange(size[1]) + 0.5) * rows / size[1]).astype(np.intp)
    column = ((np.arange(size[0]) + 0.5) * columns / size[0]).astype(np.intp)
    return np.asarray(classes[row][:, column])


def parts(mask: NDArray[np.bool_]) -> Iterator[tuple[int, Crop]]:
    """Yield the area and the pixels of each part of a mask; pixels that touch at a corner are one.

    A part has its own pixels only, whatever else lies within its box.
    """
    count, numbers, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    for number in range(1, count):
        left, top, width, height, area = stats[number].tolist()
        bitmap = numbers[top : top + height, left : left + width] == number
        yield area, Crop(bitmap, left, top)


def _outline(part: Crop) -> tuple[float, ...]:
    outline = polygons(part.bitmap)[0] + (part.left, part.top)
    return tuple(outline.ravel().tolist())
