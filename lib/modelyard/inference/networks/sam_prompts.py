"""What a person points at, in the terms of Segment Anything's decoder.

Kirillov et al., "Segment Anything" (2023). The numbers are those of the authors' ONNX export.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from modelyard.imaging import Fit, letterbox

SIDE: Final = 1024
"""Side in pixels of the square that the encoder sees."""

Point = tuple[float, float]
Box = tuple[float, float, float, float]

_NEGATIVE, _POSITIVE = 0, 1
_TOP_LEFT, _BOTTOM_RIGHT = 2, 3
_NO_POINT = -1

# The network takes coordinates for numbers of pixels and adds half a pixel to get their centres.
# Ours are continuous already.
_HALF_PIXEL = 0.5


class Prompt(NamedTuple):
    """Points with what they mean, for one object.

    Attributes:
        coordinates: float32 [1, N, 2] x, y as the decoder takes them.
        meanings: float32 [1, N]: 1 on the object, 0 beside it, 2 and 3 the corners of a box,
            -1 no point.
    """

    coordinates: NDArray[np.float32]
    meanings: NDArray[np.float32]


def frame(size: tuple[int, int]) -> Fit:
    """Return how an image of `size` lies in the encoder's square: top left, as large as it fits."""
    return letterbox(size, (SIDE, SIDE), center=False)


def prompt(
    fit: Fit,
    positive: Sequence[Point] = (),
    negative: Sequence[Point] = (),
    box: Box | None = None,
) -> Prompt:
    """Return the prompt for an object in the image that `fit` belongs to.

    Args:
        fit: From `frame`.
        positive: Points x, y on the object, in pixels of the image.
        negative: Points beside it.
        box: Left, top, right, bottom around it.

    What lies beyond the image is moved to its border. As the authors do it, points without a box
    are followed by one that means nothing. How many points there are also decides which of its
    answers the decoder gives: of a click alone or a box alone the best of three, for a click may
    mean a wheel or the whole car; from three points on the one.

    Raises:
        ValueError: there is neither a positive point nor a box.
    """
    if not positive and box is None:
        raise ValueError("there must be a positive point or a box")
    points = [*positive, *negative]
    meanings = [_POSITIVE] * len(positive) + [_NEGATIVE] * len(negative)
    if box is not None:
        points += [box[:2], box[2:]]
        meanings += [_TOP_LEFT, _BOTTOM_RIGHT]
    inside = np.clip(np.array(points, np.float64), 0, fit.source)
    coordinates = fit.to_target(inside) - _HALF_PIXEL
    if box is None:
        coordinates = np.vstack((coordinates, np.zeros(2)))
        meanings.append(_NO_POINT)
    return Prompt(coordinates[None].astype(np.float32), np.array([meanings], np.float32))
