"""The mapping between images and the network's square input.

Input coordinates are fractions of top, left, bottom, right where 0 is the edge of the first pixel
and 1 the far edge of the last one, but with pixels minus 1 between them: Matterport's normalised
coordinates. They are exact enough, and the weights were trained with them.
"""

from typing import Final, Self

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

MEAN: Final = (123.7, 116.8, 103.9)
"""The mean of red, green and blue, 0..255, which is subtracted; there is no scaling."""

Boxes = NDArray[np.floating]
# Keeps truncation from turning whole numbers with float noise into one less.
_NOISE: Final = 1e-3


class Mold(msgspec.Struct, frozen=True):
    """An image scaled to `inner` and centred in a square of `side` pixels.

    Attributes:
        source: Width and height of the image.
        inner: Width and height of the scaled image.
        side: Width and height of the square.
    """

    source: tuple[int, int]
    inner: tuple[int, int]
    side: int

    @classmethod
    def fitting(cls, source: tuple[int, int], shortest: int, side: int) -> Self:
        """Scale up until the shorter side has `shortest` pixels; scale down to fit into `side`."""
        scale = max(1.0, shortest / min(source))
        if round(max(source) * scale) > side:
            scale = side / max(source)
        # The shorter side of a very long image would become 0.
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
        """Convert boxes [N, 4] from fractions of the square to whole pixels of the image.

        Returns:
            int64 [N, 4] of top, left, bottom, right; the last two are exclusive.
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
        # The author's code converts to 8 bits in between.
        return np.asarray(np.floor(faded + _NOISE), np.float32)


def normalised(boxes: NDArray[np.generic], size: tuple[int, int]) -> NDArray[np.float32]:
    """Convert pixels [..., 4] of top, left, bottom, right to fractions of an image of that size.

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

    The surroundings count as 0, but no value becomes less than the minimum.

    Returns:
        float32 [height, width].
    """
    scaled = cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR)
    fades = _fade(mask.shape[0], size[1])[:, None] * _fade(mask.shape[1], size[0])
    return np.asarray(np.maximum(scaled.reshape(size[1], size[0]) * fades, mask.min()), np.float32)


def _fade(before: int, after: int) -> NDArray[np.float32]:
    """Return the weights float32 [after] of the pixels of a scaled line.

    scikit-image, which the author used for scaling, blends outer pixels beyond their centre with
    black, but not below the image's minimum; OpenCV repeats them.
    """
    centres = (np.arange(after) + 0.5) * before / after - 0.5
    beyond = np.maximum(-centres, centres - (before - 1)).clip(0)
    return (1 - beyond).astype(np.float32)
