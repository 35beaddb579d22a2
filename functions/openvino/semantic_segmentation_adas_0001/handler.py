"""Open Model Zoo's semantic-segmentation-adas-0001."""

from typing import ClassVar, Final

import numpy as np

from modelyard import Assets, Detector, Device, Image, Mask, OpenVINOSession, resize
from modelyard.inference.heads.segmentation import enlarged, masks_of

_WEIGHTS: Final = "semantic-segmentation-adas-0001.xml"
_SIDE: Final = (2048, 1024)


class AdasSegmentation(Detector):
    """ICNet: classifies each pixel of a street scene into one of 21 classes.

    The network takes the whole image, stretched (bilinear) to 2048x1024: [1, 3, 1024, 2048] BGR,
    0..255. It gives the class of each pixel, [1, 1, 1024, 2048], and no scores: the threshold has
    no effect and there is no confidence. All from the model's README in Open Model Zoo.

    Attributes:
        limit: Maximum number of components reported, largest first.
    """

    limit: ClassVar[int] = 1000

    def load(self, assets: Assets, device: Device) -> None:
        """Load the network."""
        self._names = {label.id: label.name for label in assets.labels if label.id is not None}
        self._session = OpenVINOSession(assets.weights(_WEIGHTS), device=device)
        (self._input,) = self._session.inputs

    def detect(self, image: Image, threshold: float) -> list[Mask]:
        """Return every connected component of every class, largest first."""
        fit = resize(image.size, _SIDE)
        pixels = fit.apply(image.pixels)[..., ::-1].transpose(2, 0, 1)
        (classes,) = self._session.infer({self._input: pixels[None]}).values()
        kinds = enlarged(classes[0, 0].astype(np.int64), fit)
        return masks_of(kinds, self._names, limit=self.limit)
