"""Pictures of one colour for networks whose answer is planted, and masks as large as pictures."""

import numpy as np
from numpy.typing import NDArray

from modelyard.annotation import Mask
from modelyard.imaging import Image

Size = tuple[int, int]


def plain(size: Size, colour: tuple[int, int, int] = (0, 0, 0)) -> Image:
    """Return an image of that width and height, of one RGB colour."""
    return Image.from_pixels(np.full((size[1], size[0], 3), colour, np.uint8))


def red(size: Size) -> Image:
    """Return what the networks of `modelyard.inference.testing.tf_detection` see their objects
    in.
    """
    return plain(size, (200, 0, 0))


def whole(shape: Mask, size: Size) -> NDArray[np.bool_]:
    """Return bool [height, width]: the pixels of a mask in an image of that width and height."""
    image = np.zeros(size[::-1], bool)
    height, width = shape.bitmap.shape
    image[shape.top : shape.top + height, shape.left : shape.left + width] = shape.bitmap
    return image
