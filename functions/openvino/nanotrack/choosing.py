"""Choice of an object's new position from the head's output maps."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

TEMPLATE: Final = 127
SEARCH: Final = 255
STRIDE: Final = 16

Array = NDArray[np.float32]


class Tuning(NamedTuple):
    """Hyperparameters, tuned on videos for one version of the networks.

    Attributes:
        penalty: How strongly a change of size or aspect ratio is penalised.
        window: Weight of the cosine window in a candidate's score, 0..1.
        rate: Learning rate of the size, 0..1.
    """

    penalty: float
    window: float
    rate: float


class Choice(NamedTuple):
    """The best candidate of each of N objects.

    Attributes:
        shift: [N, 2] x, y from the middle of the search region, in its pixels.
        size: [N, 2] width and height in pixels of the search region.
        score: [N] probability 0..1 that it is the object.
        weight: [N] how much of the new size to take, 0..1.
    """

    shift: Array
    size: Array
    score: Array
    weight: Array


def choose(logits: Array, distances: Array, sizes: Array, tuning: Tuning) -> Choice:
    """Return the best candidate of each object.

    Args:
        logits: [N, 2, S, S] of background and object, at S x S positions `STRIDE` apart; index S //
            2 is the centre.
        distances: [N, 4, S, S] from each position to the left, top, right and bottom edge, in
            pixels of the search region.
        sizes: [N, 2] width and height so far, in the same pixels.
        tuning: The networks' hyperparameters.
    """
    count, _, side, _ = logits.shape
    scores = _probability(logits).reshape(count, -1)
    left, top, right, bottom = np.moveaxis(distances.reshape(count, 4, -1), 1, 0)
    places = ((np.arange(side) - side // 2) * STRIDE).astype(np.float32)
    y, x = (grid.ravel() for grid in np.meshgrid(places, places, indexing="ij"))
    # Outputs may be arbitrary where there is no object.
    width, height = np.maximum(left + right, 1e-3), np.maximum(top + bottom, 1e-3)
    penalties = _penalty(width, height, sizes, tuning.penalty)
    nearness = np.outer(np.hanning(side), np.hanning(side)).ravel()
    rank = penalties * scores * (1 - tuning.window) + nearness * tuning.window
    best = np.arange(count), rank.argmax(axis=1)
    shift = np.stack([x + (right - left) / 2, y + (bottom - top) / 2], axis=-1)
    weight = penalties[best] * scores[best] * tuning.rate
    return Choice(shift[best], np.stack([width, height], axis=-1)[best], scores[best], weight)


def _probability(logits: Array) -> Array:
    """Return the softmax of the second of two maps."""
    return np.asarray(1 / (1 + np.exp(np.clip(logits[:, 0] - logits[:, 1], -80, 80))))


def _penalty(width: Array, height: Array, sizes: Array, strength: float) -> Array:
    """Return [N, S * S] in 0..1: 1 for candidates with unchanged size and aspect ratio."""
    before_width, before_height = sizes[:, :1], sizes[:, 1:]
    scale = _change(_extent(width, height), _extent(before_width, before_height))
    proportions = _change(width / height, before_width / before_height)
    return np.asarray(np.exp(-(scale * proportions - 1) * strength))


def _extent(width: Array, height: Array) -> Array:
    margin = (width + height) / 2
    return np.asarray(np.sqrt((width + margin) * (height + margin)))


def _change(now: Array, before: Array) -> Array:
    """Return the factor, at least 1, by which two positive values differ."""
    ratio = now / before
    return np.asarray(np.maximum(ratio, 1 / ratio))
