"""Choice of the object's position from the maps of scores and boxes.

Anchors, penalties and window are those of SiamRPN (Li et al., CVPR 2018), with the settings of the
authors' `config_davis.json`.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from siammask.geometry import Target
from siammask.sizes import ANCHORS, SCORES, STRIDE

_RATIOS: Final = (0.33, 0.5, 1.0, 2.0, 3.0)
_SCALE: Final = 8
_PENALTY: Final = 0.04
_WINDOW: Final = 0.4
_SMALLEST: Final = 10.0

Maps = NDArray[np.float32]


class Best(NamedTuple):
    """The best of all anchors at all positions.

    Attributes:
        row: Its row in the maps of 25x25.
        column: Its column.
        target: The object's new position, not yet clipped to the image.
    """

    row: int
    column: int
    target: Target


def anchors() -> NDArray[np.float32]:
    """Return float32 [4, 5 * 25 * 25]: x, y, width, height of each anchor at each position.

    In pixels of the search image, relative to its middle; anchor by anchor, row by row.
    Widths and heights are multiples of 8, truncated rather than rounded.
    """
    area = STRIDE * STRIDE
    columns = [int((area / ratio) ** 0.5) for ratio in _RATIOS]
    rows = [int(width * ratio) for width, ratio in zip(columns, _RATIOS, strict=True)]
    places = np.arange(SCORES, dtype=np.float32) * STRIDE - (SCORES // 2) * STRIDE
    table = np.empty((4, ANCHORS, SCORES, SCORES), np.float32)
    table[0] = places
    table[1] = places[:, None]
    table[2] = (np.array(columns, np.float32) * _SCALE)[:, None, None]
    table[3] = (np.array(rows, np.float32) * _SCALE)[:, None, None]
    return table.reshape(4, -1)


def window() -> NDArray[np.float64]:
    """Return the cosine window float64 [5 * 25 * 25], 0..1."""
    hann = np.hanning(SCORES)
    return np.tile(np.outer(hann, hann).ravel(), ANCHORS)


_ANCHORS: Final = anchors()
_NEARNESS: Final = window()


def choose(scores: Maps, deltas: Maps, target: Target, scale: float) -> Best | None:
    """Find the object in a search image.

    Args:
        scores: float32 [5, 25, 25], probabilities 0..1.
        deltas: float32 [4, 5, 25, 25]: dx, dy, dw, dh of the anchors.
        target: The object in the previous image.
        scale: Pixels of the search image per pixel of the image.

    Returns:
        The best position, or None if no result is finite.
    """
    probabilities, (dx, dy, dw, dh) = scores.reshape(-1), deltas.reshape(4, -1)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        x, y = dx * _ANCHORS[2] + _ANCHORS[0], dy * _ANCHORS[3] + _ANCHORS[1]
        width, height = np.exp(dw) * _ANCHORS[2], np.exp(dh) * _ANCHORS[3]
        penalty = change_penalty(width, height, target.width * scale, target.height * scale)
        ranking = penalty * probabilities * (1 - _WINDOW) + _NEARNESS * _WINDOW
    best = int(np.argmax(np.where(np.isfinite(ranking), ranking, -np.inf)))
    rate = float(penalty[best] * probabilities[best])
    found = Target(
        target.x + float(x[best]) / scale,
        target.y + float(y[best]) / scale,
        target.width * (1 - rate) + float(width[best]) / scale * rate,
        target.height * (1 - rate) + float(height[best]) / scale * rate,
    )
    if not np.isfinite(found).all():
        return None
    _, row, column = np.unravel_index(best, (ANCHORS, SCORES, SCORES))
    return Best(int(row), int(column), found)


def change_penalty(
    width: Maps, height: Maps, old_width: float, old_height: float
) -> NDArray[np.float64]:
    """Return 0..1 for each box: 1 if size and aspect ratio are unchanged, less otherwise."""
    size = _change(_size(width.astype(np.float64), height) / _size(old_width, old_height))
    proportions = _change((old_width / old_height) / (width.astype(np.float64) / height))
    return np.asarray(np.exp(-(proportions * size - 1) * _PENALTY), np.float64)


def _size(width: Any, height: Any) -> Any:
    """Return a box's size with context, as `geometry.exemplar_side` does."""
    margin = (width + height) * 0.5
    return np.sqrt((width + margin) * (height + margin))


def _change(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(ratio, 1 / ratio)


def held_to(target: Target, size: tuple[int, int]) -> Target:
    """Return the target with its centre clipped to an image of width and height `size`.

    Its width and height are at least 10 pixels and at most the image's.
    """
    (width, height) = size
    return Target(
        max(0.0, min(float(width), target.x)),
        max(0.0, min(float(height), target.y)),
        max(_SMALLEST, min(float(width), target.width)),
        max(_SMALLEST, min(float(height), target.height)),
    )
