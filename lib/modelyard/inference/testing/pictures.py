"""Images of one colour for planted networks, and full-size masks."""

import numpy as np
from numpy.typing import NDArray

from modelyard.annotation import Mask
from modelyard.imaging import Image

Size = tuple[int, int]


def plain(size: Size, colour: tuple[int, int, int] = (0, 0, 0)) -> Image:
    """Return an image of that width and height, of one RGB colour."""
    return Image.from_pixels(np.full((size[1], size[0], 3), colour, np.uint8))


def red(size: Size) -> Image:
    """Return an image in which networks of `testing.tf_detection` find their objects."""
    return plain(size, (200, 0, 0))


def whole(shape: Mask, size: Size) -> NDArray[np.bool_]:
    """Return bool [height, width]: the pixels of a mask in an image of that width and height."""
    image = np.zeros(size[::-1], bool)
    height, width = shape.bitmap.shape
    image[shape.top : shape.top + height, shape.left : shape.left + width] = shape.bitmap
    return image
