"""Fits an image into a network's input, and maps results back.

Coordinates are continuous: pixel i covers i..i+1, as in `modelyard.annotation.shapes`. OpenCV's
resizing follows the same convention, so boxes map exactly both ways.
"""

from enum import IntEnum
from typing import TypeVar

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from modelyard.imaging.image import Pixels

Size = tuple[int, int]
"""Width and height in pixels."""

Floating = TypeVar("Floating", np.float32, np.float64)


class Interpolation(IntEnum):
    """Interpolation of pixels, by OpenCV's names."""

    NEAREST = cv2.INTER_NEAREST
    LINEAR = cv2.INTER_LINEAR
    CUBIC = cv2.INTER_CUBIC
    AREA = cv2.INTER_AREA


class Fit(msgspec.Struct, frozen=True):
    """An image scaled to `inner` and placed at `left, top` of a canvas, the network's input.

    Attributes:
        source: Size of the image: width and height, like all sizes here.
        target: Size of the canvas.
        inner: Size of the scaled image, which must be within the canvas.
        left: Column of the canvas where the scaled image starts.
        top: Row of the canvas where the scaled image starts.

    Raises:
        ValueError: a size below 1, or the scaled image is not within the canvas.
    """

    source: Size
    target: Size
    inner: Size
    left: int = 0
    top: int = 0

    def __post_init__(self) -> None:
        """Check that the scaled image is within the canvas."""
        if min(*self.source, *self.target, *self.inner) < 1:
            raise ValueError(f"sizes must be at least 1x1: {self}")
        right, bottom = self.left + self.inner[0], self.top + self.inner[1]
        if min(self.left, self.top) < 0 or right > self.target[0] or bottom > self.target[1]:
            raise ValueError(f"the scaled image must be within the canvas: {self}")

    @property
    def scale(self) -> tuple[float, float]:
        """The number of canvas pixels per image pixel in x and y.

        With a letterbox they may differ in the third digit, as `inner` is in whole pixels; using
        one for both would shift boxes by up to half a pixel.
        """
        return self.inner[0] / self.source[0], self.inner[1] / self.source[1]

    def apply(
        self,
        pixels: Pixels,
        *,
        interpolation: Interpolation = Interpolation.LINEAR,
        fill: int | tuple[int, ...] = 114,
    ) -> Pixels:
        """Return the canvas with the image on it.

        Args:
            pixels: uint8 [height, width, channels] of size `source`, any colour order.
            interpolation: How to scale. AREA is smoother when shrinking photographs, but few
                networks were trained with it.
            fill: Value 0..255 of the canvas around the image, or one for each channel.

        Returns:
            New uint8 [target height, target width, channels], C-contiguous.

        Raises:
            ValueError: the size of `pixels` is not `source`.
        """
        if (pixels.shape[1], pixels.shape[0]) != self.source:
            raise ValueError(
                f"pixels are {pixels.shape[1]}x{pixels.shape[0]}, but this fits {self.source}"
            )
        canvas = np.full((self.target[1], self.target[0], pixels.shape[2]), fill, np.uint8)
        rows = slice(self.top, self.top + self.inner[1])
        columns = slice(self.left, self.left + self.inner[0])
        scaled = cv2.resize(pixels, self.inner, interpolation=interpolation)
        canvas[rows, columns] = scaled.reshape(*scaled.shape[:2], -1)
        return canvas

    def to_target(self, coordinates: NDArray[Floating]) -> NDArray[Floating]:
        """Map points [..., 2] x, y or boxes [..., 4] x, y, x, y from the image to the canvas."""
        factor, shift = self._affine(coordinates)
        return coordinates * factor + shift

    def to_source(self, coordinates: NDArray[Floating]) -> NDArray[Floating]:
        """Map points [..., 2] or boxes [..., 4] from the canvas to the image, unclipped.

        The inverse of `to_target` up to rounding of the floats.
        """
        factor, shift = self._affine(coordinates)
        return (coordinates - shift) / factor

    def map_to_source(
        self, values: NDArray[Floating], interpolation: Interpolation = Interpolation.LINEAR
    ) -> NDArray[Floating]:
        """Resize a map over the canvas, such as a network's mask, to the image.

        Args:
            values: float [h, w], covering the whole canvas at any resolution.
            interpolation: How to scale.

        Returns:
            float [source height, source width], same dtype.
        """
        height, width = values.shape
        cell_x, cell_y = self.target[0] / width, self.target[1] / height
        scale_x, scale_y = self.scale
        # From image pixel index to map cell index, both by their centres.
        to_cell = np.array(
            [
                (scale_x / cell_x, 0, (scale_x / 2 + self.left) / cell_x - 0.5),
                (0, scale_y / cell_y, (scale_y / 2 + self.top) / cell_y - 0.5),
            ]
        )
        image_map = cv2.warpAffine(
            values,
            to_cell,
            self.source,
            flags=interpolation | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(image_map, values.dtype)

    def _affine(
        self, coordinates: NDArray[Floating]
    ) -> tuple[NDArray[Floating], NDArray[Floating]]:
        """Return factors and offsets for the last axis of points or boxes."""
        length = coordinates.shape[-1]
        if length not in (2, 4):
            raise ValueError(f"expected points [..., 2] or boxes [..., 4], not {coordinates.shape}")
        repeats = length // 2
        # float32 stays float32; whole numbers, which a scale would truncate, become floats.
        dtype = np.result_type(coordinates, np.float32)
        factor = np.array(self.scale * repeats, dtype)
        return factor, np.array((self.left, self.top) * repeats, dtype)


def resize(source: Size, target: Size) -> Fit:
    """Stretch the image over the whole canvas."""
    return Fit(source, target, inner=target)


def letterbox(source: Size, target: Size, *, center: bool = True, enlarge: bool = True) -> Fit:
    """Scale the image to fit the canvas, keeping its aspect ratio.

    Args:
        source: Size of the image.
        target: Size of the canvas.
        center: Centre the image, else place it in the top left corner.
        enlarge: Enlarge smaller images, else keep their size.
    """
    scale = min(target[0] / source[0], target[1] / source[1])
    if not enlarge:
        scale = min(scale, 1.0)
    # The short side of a very long image would vanish.
    inner = max(1, round(source[0] * scale)), max(1, round(source[1] * scale))
    left, top = ((target[0] - inner[0]) // 2, (target[1] - inner[1]) // 2) if center else (0, 0)
    return Fit(source, target, inner, left, top)
