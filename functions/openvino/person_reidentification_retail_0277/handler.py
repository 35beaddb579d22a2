"""Open Model Zoo's person-reidentification-retail-0277."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from modelyard import Assets, Device, Image, Interpolation, OpenVINOSession, ReidBox, Reidentifier
from modelyard.inference.appearance import cosine_distances, possible_pairs
from person_reidentification_retail_0277.matching import assign

_WEIGHTS: Final = "person-reidentification-retail-0277.xml"
_SIDE: Final = (128, 256)


class PersonReidentification(Reidentifier):
    """Appearance embeddings, compared by cosine distance.

    The network takes a box's pixels, stretched (bilinear) to 128x256: [1, 3, 256, 128] BGR, 0..255.
    It gives [1, 256]. All from the model's README and accuracy-check.yml in Open Model Zoo.
    """

    def load(self, assets: Assets, device: Device) -> None:
        """Load the network."""
        self._session = OpenVINOSession(assets.weights(_WEIGHTS), device=device)
        (self._input,) = self._session.inputs

    def match(  # noqa: PLR0917 - as many as CVAT's request has
        self,
        first: Image,
        second: Image,
        boxes0: Sequence[ReidBox],
        boxes1: Sequence[ReidBox],
        threshold: float,
        max_distance: float,
    ) -> list[int]:
        """Pair boxes of the same label that are close and similar enough."""
        possible = possible_pairs(boxes0, boxes1, max_distance)
        rows, columns = (np.asarray(possible.any(axis=axis)) for axis in (1, 0))
        distances = cosine_distances(
            self._embeddings(first, boxes0, rows), self._embeddings(second, boxes1, columns)
        )
        return assign(distances, possible & (distances <= threshold))

    def _embeddings(
        self, image: Image, boxes: Sequence[ReidBox], wanted: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Return embeddings [N, D]: one run per wanted box, zeros for the others."""
        found: dict[int, NDArray[np.float32]] = {}
        for index in np.flatnonzero(wanted).tolist():
            (output,) = self._session.infer({self._input: cut(image, boxes[index])}).values()
            found[index] = output.ravel()
        length = len(next(iter(found.values()))) if found else 1
        result = np.zeros((len(boxes), length), np.float32)
        for index, embedding in found.items():
            result[index] = embedding
        return result


def cut(image: Image, box: ReidBox) -> NDArray[np.uint8]:
    """Return a box's crop; for one outside the image the nearest pixel."""
    size = np.array(image.size)
    near = np.floor(box.box[:2]).astype(int).clip(0, size - 1)
    far = np.maximum(np.ceil(box.box[2:]).astype(int).clip(1, size), near + 1)
    pixels = image.pixels[near[1] : far[1], near[0] : far[0]]
    scaled = cv2.resize(pixels, _SIDE, interpolation=Interpolation.LINEAR)
    return np.asarray(scaled[..., ::-1].transpose(2, 0, 1)[None], np.uint8)
