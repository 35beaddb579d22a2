"""The square around an object, scaled to a network's input."""

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from modelyard import Pixels

CONTEXT: Final = 0.5
# The limit of cv2.warpAffine. Such a crop shrinks a hundredfold, so a lost pixel does not matter.
_LONGEST: Final = 32_766


def template_side(size: tuple[float, float]) -> float:
    """Return the side of the square crop for an object of this width and height.

    Half of width plus height is added to both; the square has the area of that rectangle.
    """
    margin = CONTEXT * sum(size)
    return math.sqrt((size[0] + margin) * (size[1] + margin))


def crop_square(
    pixels: Pixels, center: tuple[float, float], side: float, target: int
) -> NDArray[np.float32]:
    """Return the square crop around `center`, as network input.

    Args:
        pixels: uint8 [height, width, 3] RGB.
        center: x, y in pixels.
        side: Of the square, in pixels, at least 1. Pixels outside the image get its mean colour;
            the square may be entirely outside.
        target: Side of the result. Scaled bilinearly.

    Returns:
        float32 [3, target, target], BGR, 0..255.
    """
    height, width = pixels.shape[:2]
    left, top = center[0] - side / 2, center[1] - side / 2
    # The part of the image within the square, and the padding around it.
    first_column, last_column = _span(left, side, width)
    first_row, last_row = _span(top, side, height)
    part = pixels[first_row:last_row, first_column:last_column]
    scale = side / target
    # Maps pixel indices of the result to those of the part, by pixel centres.
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
    """Return start and end of the span clipped to 0..length, never empty."""
    first = min(max(math.floor(start) - 1, 0), length - 1)
    last = min(max(math.ceil(start + side) + 1, first + 1), length)
    return first, min(last, first + _LONGEST)
