"""Comparisons for re-identification: which boxes may match, and how similar they look."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelyard.annotation import ReidBox

Matrix = NDArray[np.float64]
Flags = NDArray[np.bool_]


def possible_pairs(
    boxes0: Sequence[ReidBox], boxes1: Sequence[ReidBox], max_distance: float
) -> Flags:
    """Return bool [N, M]: same label, and centres at most `max_distance` pixels apart."""
    same = _labels(boxes0)[:, None] == _labels(boxes1)[None]
    apart = np.linalg.norm(_centers(boxes0)[:, None] - _centers(boxes1)[None], axis=-1)
    return np.asarray(same & (apart <= max_distance))


def cosine_distances(first: NDArray[np.float32], second: NDArray[np.float32]) -> Matrix:
    """Return [N, M] in 0..2 between vectors [N, C] and [M, C]; 1 to a zero vector."""
    return np.asarray(np.clip(1 - _directions(first) @ _directions(second).T, 0, 2))


def _labels(boxes: Sequence[ReidBox]) -> NDArray[np.object_]:
    # CVAT's label ids are unbounded here.
    return np.array([box.label_id for box in boxes], object)


def _centers(boxes: Sequence[ReidBox]) -> Matrix:
    corners = np.array([box.box for box in boxes], np.float64).reshape(-1, 4)
    return np.asarray((corners[:, :2] + corners[:, 2:]) / 2)


def _directions(vectors: NDArray[np.float32]) -> Matrix:
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    directions = np.zeros(vectors.shape)
    np.divide(vectors, lengths, out=directions, where=lengths > 0)
    return directions
