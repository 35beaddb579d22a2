"""The square input of the network, and the way back to the image.

Coordinates on the input are fractions of top, left, bottom, right where 0 is the edge of the first
pixel and 1 the far edge of the last one, but pixels minus 1 lie between them: Matterport's
normalised coordinates. They are exact enough, and the weights were trained with them.
"""

from typing import Final, Self

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

MEAN: Final = (123.7, 116.8, 103.9)
"""What is taken off red, green and blue, 0..255; nothing divides them."""

Boxes = NDArray[np.floating]
# Takes float noise off whole numbers, which truncation would otherwise make one less.
_NOISE: Final = 1e-3


class Mold(msgspec.Struct, frozen=True):
    """An image scaled to `inner` and put into the middle of a square of `side` pixels.

    Attributes:
        source: Width and height of the image, as of `inner`.
        inner: Width and height of the scaled image.
        side: Width and height of the square.
    """

    source: tuple[int, int]
    inner: tuple[int, int]
    side: int

    @classmethod
    def fitting(cls, source: tuple[int, int], shortest: int, side: int) -> Self:
        """Enlarge until the shorter side has `shortest` pixels; shrink until all fits `side`."""
        scale = max(1.0, shortest / min(source))
        if round(max(source) * scale) > side:
            scale = side / max(source)
        # Of a very long image the shorter side would vanish.
        width, height = (max(1, round(length * scale)) for length in source)
        return cls(source, (width, height), side)

    @property
    def corner(self) -> tuple[int, int]:
        """Left and top of the scaled image in the square."""
        return (self.side - self.inner[0]) // 2, (self.side - self.inner[1]) // 2

    @property
    def window(self) -> NDArray[np.float32]:
        """The scaled image, float32 [4] of top, left, bottom, right as fractions of the square."""
        left, top = self.corner
        pixels = np.array((top, left, top + self.inner[1], left + self.inner[0]))
        return normalised(pixels, (self.side, self.side))

    def apply(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the square float32 [side, side, 3], RGB minus `MEAN`, black around the image.

        Args:
            pixels: RGB uint8 [height, width, 3] of size `source`.
        """
        left, top = self.corner
        canvas = np.zeros((self.side, self.side, 3), np.float32)
        width, height = self.inner
        canvas[top : top + height, left : left + width] = self._scaled(pixels)
        return canvas - np.array(MEAN, np.float32)

    def to_image(self, boxes: Boxes) -> NDArray[np.int64]:
        """Bring boxes [N, 4] of fractions of the square to whole pixels of the image.

        Returns:
            int64 [N, 4] of top, left, bottom, right; the last two lie outside the box.
        """
        near, far = self.window[:2], self.window[2:]
        inside = (boxes - np.tile(near, 2)) / np.tile(far - near, 2)
        width, height = self.source
        scale = np.array((height, width, height, width)) - 1
        return np.asarray(np.around(inside * scale + (0, 0, 1, 1)), np.int64)

    def _scaled(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        if self.inner == self.source:
            return pixels.astype(np.float32)
        scaled = cv2.resize(pixels.astype(np.float32), self.inner, interpolation=cv2.INTER_LINEAR)
        rows, columns = _fade(self.source[1], self.inner[1]), _fade(self.source[0], self.inner[0])
        faded = np.maximum(scaled * (rows[:, None] * columns)[..., None], pixels.min())
        # The author's code goes through 8 bits.
        return np.asarray(np.floor(faded + _NOISE), np.float32)


def normalised(boxes: NDArray[np.generic], size: tuple[int, int]) -> NDArray[np.float32]:
    """Turn pixels [..., 4] of top, left, bottom, right into fractions of an image of that size.

    Args:
        boxes: Any numbers.
        size: Width and height.
    """
    width, height = size
    scale = np.array((height, width, height, width)) - 1
    fractions: NDArray[np.float32] = ((boxes - np.array((0, 0, 1, 1))) / scale).astype(np.float32)
    return fractions


def resize_mask(mask: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Scale float32 [h, w] to a width and height, bilinear, as scikit-image does.

    All around it counts as 0, but nothing becomes less than its least value.

    Returns:
        float32 [height, width].
    """
    scaled = cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR)
    fades = _fade(mask.shape[0], size[1])[:, None] * _fade(mask.shape[1], size[0])
    return np.asarray(np.maximum(scaled.reshape(size[1], size[0]) * fades, mask.min()), np.float32)


def _fade(before: int, after: int) -> NDArray[np.float32]:
    """Return the weight float32 [after] that is left to the pixels of a line that is scaled.

    scikit-image, by which the author scaled, mixes black into what lies beyond the centre of the
    outer pixels, as long as that is not darker than all of the image; OpenCV repeats those.
    """
    centres = (np.arange(after) + 0.5) * before / after - 0.5
    beyond = np.maximum(-centres, centres - (before - 1)).clip(0)
    return (1 - beyond).astype(np.float32)
