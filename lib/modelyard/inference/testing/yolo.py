"""YOLOv3 heads for given objects: the inverse of the decoder."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_NOTHING = -30.0


class Planted(NamedTuple):
    """An object: box as fractions of the network's input, class, two probabilities in (0, 1)."""

    box: tuple[float, float, float, float]
    kind: int
    objectness: float
    probability: float


def heads(
    objects: Iterable[Planted],
    grids: Sequence[int],
    anchors: Sequence[Sequence[tuple[float, float]]],
    side: int,
    classes: int,
) -> list[NDArray[np.float32]]:
    """Return raw heads [anchors * (5 + classes), grid, grid]; each contains each object once.

    The i-th object takes the i-th anchor, modulo their number. The centre of its box must be
    within the input and not on the border between two cells.
    """
    result = []
    for grid, sizes in zip(grids, anchors, strict=True):
        head = np.full((len(sizes), 5 + classes, grid, grid), _NOTHING, np.float32)
        for number, item in enumerate(objects):
            anchor = number % len(sizes)
            left, top, right, bottom = item.box
            x, y = (left + right) / 2 * grid, (top + bottom) / 2 * grid
            cell = head[anchor, :, int(y), int(x)]
            cell[:5] = (
                _logit(x % 1),
                _logit(y % 1),
                math.log((right - left) * side / sizes[anchor][0]),
                math.log((bottom - top) * side / sizes[anchor][1]),
                _logit(item.objectness),
            )
            cell[5 + item.kind] = _logit(item.probability)
        result.append(head.reshape(-1, grid, grid))
    return result


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))
