"""The detector: U2NetP, salient object segmentation."""

from typing import ClassVar, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from modelyard import Assets, Detector, Device, Image, Mask, OpenVINOSession, polygons, resize

_SIDE: Final = 320
_PIXELS: Final = "input.1"
# The first of the seven outputs, which fuses the other six.
_SALIENCY: Final = "1959"

# ImageNet's, RGB, for values of 0..1.
_MEAN: Final = np.array([0.485, 0.456, 0.406], np.float32)
_STD: Final = np.array([0.229, 0.224, 0.225], np.float32)


class SalientObject(Detector):
    """U2NetP: Qin et al., "U^2-Net: Going Deeper with Nested U-Structure ..." (2020).

    The network takes the whole image, stretched (bilinear) to 320x320: float32 [1, 3, 320, 320]
    RGB, divided by the image's largest value and then normalised as for ImageNet. It gives the
    saliency 0..1 of each pixel, float32 [1, 1, 320, 320], which is resized back (bilinear). Its
    authors then rescale the saliency to 0..1; we do not, since that finds an object in an image
    without any.

    Attributes:
        least_saliency: Minimum saliency of an object's pixels.
        least_share: Minimum fraction of the image that an object covers; less is noise.
    """

    least_saliency: ClassVar[float] = 0.5
    least_share: ClassVar[float] = 0.001

    def load(self, assets: Assets, device: Device) -> None:
        """Load the network; all objects get the only label."""
        (self._label,) = assets.labels.names
        self._session = OpenVINOSession(
            assets.weights("u2netp.onnx"), device=device, outputs=[_SALIENCY]
        )

    def detect(self, image: Image, threshold: float) -> list[Mask]:
        """Return the separate objects, the largest first; the score is the mean saliency."""
        fit = resize(image.size, (_SIDE, _SIDE))
        outputs = self._session.infer({_PIXELS: network_input(fit.apply(image.pixels))})
        saliency = cv2.resize(outputs[_SALIENCY][0, 0], image.size, interpolation=cv2.INTER_LINEAR)
        masks = objects(np.asarray(saliency), self._label, self.least_saliency, self.least_share)
        return [mask for mask in masks if (mask.confidence or 0) >= threshold]


def network_input(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return float32 [1, 3, height, width] of uint8 [height, width, 3] RGB."""
    # Avoids division by zero for a black image.
    brightest = max(int(pixels.max()), 1)
    normal = (pixels / np.float32(brightest) - _MEAN) / _STD
    return np.ascontiguousarray(normal.transpose(2, 0, 1)[None])


def objects(
    saliency: NDArray[np.float32], label: str, least_saliency: float, least_share: float
) -> list[Mask]:
    """Return the connected components of a map [height, width], largest first.

    Connectivity is 8. One mask each, because CVAT's polygons have one part.
    """
    salient = (saliency >= least_saliency).astype(np.uint8)
    _, numbers, stats, _ = cv2.connectedComponentsWithStats(salient)
    numbered = np.asarray(numbers, np.int32)
    sizes = stats[:, cv2.CC_STAT_AREA].copy()
    sizes[0] = 0
    ranked = np.argsort(-sizes, kind="stable")
    large = ranked[sizes[ranked] >= max(1, least_share * saliency.size)]
    return [_mask(saliency, numbered, stats[number], int(number), label) for number in large]


def _mask(
    saliency: NDArray[np.float32],
    numbered: NDArray[np.int32],
    stats: NDArray[np.int32],
    number: int,
    label: str,
) -> Mask:
    left, top, width, height = stats[:4].tolist()
    window = np.s_[top : top + height, left : left + width]
    bitmap = numbered[window] == number
    outline = polygons(bitmap)[0] + (left, top)
    score = float(saliency[window][bitmap].mean(dtype=np.float64))
    return Mask(label, bitmap, left, top, tuple(outline.ravel()), confidence=score)
