"""Clicks and boxes as prompts for Segment Anything's decoder.

Kirillov et al., "Segment Anything" (2023). The constants are from the authors' ONNX export.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from modelyard.imaging import Fit, letterbox

SIDE: Final = 1024
"""Side in pixels of the encoder's square input."""

Point = tuple[float, float]
Box = tuple[float, float, float, float]

_NEGATIVE, _POSITIVE = 0, 1
_TOP_LEFT, _BOTTOM_RIGHT = 2, 3
_NO_POINT = -1

# The network takes coordinates as pixel indices and adds half a pixel to get the centres.
# Ours are already continuous.
_HALF_PIXEL = 0.5


class Prompt(NamedTuple):
    """Points and their meanings, for one object.

    Attributes:
        coordinates: float32 [1, N, 2] x, y in the decoder's convention.
        meanings: float32 [1, N]: 1 on the object, 0 off it, 2 and 3 the corners of a box,
            -1 padding.
    """

    coordinates: NDArray[np.float32]
    meanings: NDArray[np.float32]


def frame(size: tuple[int, int]) -> Fit:
    """Fit an image of `size` into the encoder's square: top left, as large as possible."""
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
        negative: Points off it.
        box: Left, top, right, bottom around it.

    Points beyond the image are clipped to its border. As in the authors' code, points without a box
    are followed by a padding point. The number of points also selects the decoder's output: for a
    single click or a box the best of three masks, since a click may mean a wheel or the whole car;
    from three points on the single mask.

    Raises:
        ValueError: neither a positive point nor a box is given.
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
