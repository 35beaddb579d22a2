"""The square around an object, scaled to a network's input."""

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from modelyard import Pixels

CONTEXT: Final = 0.5
# What cv2.warpAffine takes. A crop that large shrinks a hundredfold, so a pixel less is nothing.
_LONGEST: Final = 32_766


def template_side(size: tuple[float, float]) -> float:
    """Return the side of the square that shows an object of this width and height.

    To both sides half their sum is added, and the square has the area of that rectangle.
    """
    margin = CONTEXT * sum(size)
    return math.sqrt((size[0] + margin) * (size[1] + margin))


def crop_square(
    pixels: Pixels, center: tuple[float, float], side: float, target: int
) -> NDArray[np.float32]:
    """Return the square around `center`, as the networks take it.

    Args:
        pixels: uint8 [height, width, 3] RGB.
        center: x, y in pixels.
        side: Of the square, in pixels, at least 1. What lies outside the image gets its mean
            colour; the square may lie outside altogether.
        target: Side of the result. Scaled bilinearly.

    Returns:
        float32 [3, target, target], BGR, 0..255.
    """
    height, width = pixels.shape[:2]
    left, top = center[0] - side / 2, center[1] - side / 2
    # The part of the image that the square shows, and the pixels beside it.
    first_column, last_column = _span(left, side, width)
    first_row, last_row = _span(top, side, height)
    part = pixels[first_row:last_row, first_column:last_column]
    scale = side / target
    # From the index of a pixel in the result to that in the part, both by their centres.
    to_part = np.array(
        [
            (scale, 0, left - first_column + scale / 2 - 0.5),
            (0, scale, top - first_row + scale / 2 - 0.5),
        ]
    )
    square = cv2.warpAffine(
        part,
        to_part,
        (target, target),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=cv2.mean(pixels),
    )
    return square[..., ::-1].transpose(2, 0, 1).astype(np.float32)


def _span(start: float, side: float, length: int) -> tuple[int, int]:
    """Return the first index of the span in 0..length and the one after the last, never none."""
    first = min(max(math.floor(start) - 1, 0), length - 1)
    last = min(max(math.ceil(start + side) + 1, first + 1), length)
    return first, min(last, first + _LONGEST)
