"""DEXTR: segments an object from its four extreme points."""

from typing import Any, ClassVar, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from modelyard import (
    Assets,
    Clicks,
    Device,
    Image,
    Interactor,
    Interpolation,
    OpenVINOSession,
    RequestError,
    Segment,
    crop,
    polygons,
)
from modelyard.imaging import Crop

_WEIGHTS: Final = "dextr.xml"
_SIDE: Final = 512
_MARGIN: Final = 50
_WIDTH: Final = 10.0  # Full width at half maximum of the Gaussians at the points, in input pixels.
_POINTS: Final = 4

Box = tuple[int, int, int, int]


class Dextr(Interactor):
    """Maninis et al., "Deep Extreme Cut: From Extreme Points to Object Segmentation" (CVPR 2018).

    The input is a crop: the box of the points plus 50 pixels on each side, zero-padded beyond the
    image, scaled (bicubic) to 512x512: float32 [1, 4, 512, 512] of R, G, B as 0..255 and a heatmap
    of 0..255 with a Gaussian at each point. The output is float32 [1, 1, 512, 512], the probability
    that a pixel is on the object; it is scaled back (bicubic), and what lies outside the box of the
    points is cleared. All of it follows the authors' demo.py and dataloaders/helpers.py in
    scaelles/DEXTR-PyTorch; 0.8 is their threshold too.
    """

    default_threshold: ClassVar[float] = 0.8

    def load(self, assets: Assets, device: Device) -> None:
        """Load the network."""
        self._session = OpenVINOSession(assets.weights(_WEIGHTS), device=device)
        (self._input,) = self._session.inputs

    def segment(self, image: Image, clicks: Clicks) -> Segment:
        """Return the object's mask; four points are used as given, of more the outermost four.

        Raises:
            RequestError: 400, fewer than four points.
        """
        if len(clicks.positive) < _POINTS:
            raise RequestError(
                400, f"{_POINTS} extreme points are needed, not {len(clicks.positive)}"
            )
        points = extremes(pixels_at(clicks.positive, image.size))
        box = surroundings(points)
        stacked = np.concatenate((cut(image, box), heatmap(points, box)[..., None]), axis=2)
        (probabilities,) = self._session.infer(
            {self._input: stacked.transpose(2, 0, 1)[None]}
        ).values()
        part = between_points(probabilities[0, 0], box, clicks.threshold)
        if part is None:
            return Segment(np.zeros((image.height, image.width), np.bool_))
        outline = polygons(part.bitmap)[0] + (part.left, part.top)
        height, width = part.bitmap.shape
        bounds = (part.left, part.top, part.left + width - 1, part.top + height - 1)
        return Segment(part.bitmap, polygon=tuple(outline.ravel().tolist()), bounds=bounds)


def pixels_at(points: Any, size: tuple[int, int]) -> NDArray[np.intp]:
    """Return the column and row of the pixel under each point, [N, 2]."""
    last = np.array(size) - 1
    return np.floor(np.array(points, np.float64)).clip(0, last).astype(np.intp)


def extremes(points: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return four points as they are, of more the outermost: left, top, right and bottom."""
    if len(points) == _POINTS:
        return points
    x, y = points.T
    return points[[x.argmin(), y.argmin(), x.argmax(), y.argmax()]]


def surroundings(points: NDArray[np.intp]) -> Box:
    """Return left, top, right, bottom of the crop around pixels; may exceed the image."""
    near, far = points.min(axis=0) - _MARGIN, points.max(axis=0) + _MARGIN + 1
    return int(near[0]), int(near[1]), int(far[0]), int(far[1])


def cut(image: Image, box: Box) -> NDArray[np.float32]:
    """Return the crop of a box, float32 [512, 512, 3] RGB 0..255, zero-padded beyond the image."""
    left, top, right, bottom = box
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(right, image.width), min(bottom, image.height)
    canvas = np.zeros((bottom - top, right - left, 3), np.uint8)
    canvas[y0 - top : y1 - top, x0 - left : x1 - left] = image.pixels[y0:y1, x0:x1]
    scaled = cv2.resize(canvas, (_SIDE, _SIDE), interpolation=Interpolation.CUBIC)
    return np.asarray(scaled, np.float32)


def heatmap(points: NDArray[np.intp], box: Box) -> NDArray[np.float32]:
    """Return the heatmap float32 [512, 512]: Gaussians at the points, rescaled to 0..255.

    Their centres are whole pixels of the input, as in training.
    """
    left, top, right, bottom = box
    scale = 1 / np.array((right - left, bottom - top))
    centers = (_SIDE * (points - (left, top)) * scale).astype(np.intp)
    steps = np.arange(_SIDE)
    x, y = (np.exp(-4 * np.log(2) * ((steps - at[:, None]) / _WIDTH) ** 2) for at in centers.T)
    heat = (y[:, :, None] * x[:, None, :]).max(axis=0)
    heat = (heat - heat.min()) / (heat.max() - heat.min())
    return np.asarray(heat * 255, np.float32)


def between_points(probabilities: NDArray[np.float32], box: Box, threshold: float) -> Crop | None:
    """Return the pixels above the threshold within the box of the points; None if there are none.

    Args:
        probabilities: [512, 512], over the crop `box`.
        box: Left, top, right, bottom of the crop.
        threshold: Pixels with a higher probability belong to the object.
    """
    left, top, right, bottom = box
    scaled = cv2.resize(
        probabilities, (right - left, bottom - top), interpolation=Interpolation.CUBIC
    )
    part = crop(scaled[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN] > threshold)
    if part is None:
        return None
    return Crop(part.bitmap, part.left + left + _MARGIN, part.top + top + _MARGIN)
