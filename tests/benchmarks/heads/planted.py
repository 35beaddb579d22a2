"""A full answer of YOLOv8 for segmentation: 100 objects, each found by about ten cells."""

import math
from collections.abc import Iterator
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SIDE: Final = 640
"""Of the network's input."""
OBJECTS: Final = 100
CLASSES: Final = 80
CELLS: Final = 8400
"""20 x 20 + 40 x 40 + 80 x 80."""

_A_PICTURE: Final = (0, 80, 640, 560)
"""Where a picture of 4:3 is in the input."""
_SEEN_BY: Final = 10
_MAPS: Final = 32
_MAP_SIDE: Final = 160
_SIDES: Final = (20, 300)
_FILLED: Final = 0.6


def answer() -> dict[str, NDArray[Any]]:
    """Return rows float32 [1, 4 + 80 + 32, 8400] and prototypes float32 [1, 32, 160, 160].

    The sides of the objects are spread evenly by their logarithm. Each mask is an ellipse that
    fills 60 % of its box, with a slightly ragged outline.
    """
    random = np.random.default_rng(8400)
    output = np.zeros((4 + CLASSES + _MAPS, CELLS), np.float32)
    output[:4] = random.uniform(0, SIDE, (4, CELLS))
    # Almost everything is far below the threshold.
    output[4 : 4 + CLASSES] = random.exponential(0.003, (CLASSES, CELLS)).clip(0, 0.1)
    cells = random.permutation(CELLS)[: OBJECTS * _SEEN_BY].reshape(OBJECTS, _SEEN_BY)
    for number, ((x, y, width, height), seen) in enumerate(zip(_boxes(random), cells, strict=True)):
        # Close enough to the first one that suppression leaves only that.
        jitter = random.normal(0, 0.02, (4, _SEEN_BY)) * (np.arange(_SEEN_BY) > 0)
        output[0, seen] = x + jitter[0] * width
        output[1, seen] = y + jitter[1] * height
        output[2:4, seen] = np.array([[width], [height]]) * (1 + jitter[2:])
        best = random.uniform(0.5, 0.95)
        output[4 + number % CLASSES, seen] = np.linspace(best, 0.3, _SEEN_BY)
        output[4 + CLASSES :, seen] = _coefficients(random, x, y, width, height)[:, None]
    return {"output0": output[None], "output1": _prototypes(random)[None]}


def _boxes(random: np.random.Generator) -> Iterator[tuple[float, float, float, float]]:
    """Yield centre and size of each object, within the picture."""
    left, top, right, bottom = _A_PICTURE
    shortest, longest = (math.log(side) for side in _SIDES)
    for _ in range(OBJECTS):
        width, height = np.exp(random.uniform(shortest, longest, 2)).tolist()
        x = random.uniform(left + width / 2, right - width / 2)
        y = random.uniform(top + height / 2, bottom - height / 2)
        yield x, y, width, height


def _prototypes(random: np.random.Generator) -> Floats:
    """Return 1, x, y, x * x + y * y and the like as maps; the rest is smooth noise."""
    y, x = (np.mgrid[:_MAP_SIDE, :_MAP_SIDE] + 0.5) / _MAP_SIDE
    noise = random.normal(size=(_MAPS - 5, _MAP_SIDE, _MAP_SIDE))
    smooth = [cv2.GaussianBlur(one, (0, 0), 2) * 7 for one in noise]
    return np.stack((np.ones_like(x), x, y, x * x, y * y, *smooth)).astype(np.float32)


def _coefficients(
    random: np.random.Generator, x: float, y: float, width: float, height: float
) -> Floats:
    """Return [32], the ellipse 1 - ((u - x) / a)^2 - ((v - y) / b)^2 and a little noise."""
    a, b = (side / SIDE * (_FILLED / np.pi) ** 0.5 for side in (width, height))
    u, v = x / SIDE, y / SIDE
    ellipse = (
        1 - (u / a) ** 2 - (v / b) ** 2,
        2 * u / a**2,
        2 * v / b**2,
        -1 / a**2,
        -1 / b**2,
    )
    return np.array((*ellipse, *random.normal(0, 0.02, _MAPS - 5)), np.float32)
