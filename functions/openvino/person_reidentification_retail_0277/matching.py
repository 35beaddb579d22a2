"""Which boxes of two frames show the same object."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from annotation import ReidBox

Matrix = NDArray[np.float64]

# More than any sum of distances of a possible pairing, which are 2 at most.
_IMPOSSIBLE: Final = 1e6


def assign(costs: Matrix, allowed: NDArray[np.bool_]) -> list[int]:
    """Pair rows with columns one to one: as many as possible, and of these pairings the cheapest.

    Args:
        costs: [N, M], 0..2.
        allowed: [N, M], which pairs may be made.

    Returns:
        For each row its column, or -1.
    """
    rows, columns = linear_sum_assignment(np.where(allowed, costs, _IMPOSSIBLE))
    result = np.full(len(costs), -1)
    made = allowed[rows, columns]
    result[rows[made]] = columns[made]
    return result.tolist()


def neighbours(
    first: Sequence[ReidBox], second: Sequence[ReidBox], max_distance: float
) -> NDArray[np.bool_]:
    """Return [N, M]: pairs of one label whose centres are at most so many pixels apart."""
    centers, others = (
        np.array([box.box for box in boxes], np.float64).reshape(-1, 2, 2).mean(axis=1)
        for boxes in (first, second)
    )
    labels, names = (np.array([box.label_id for box in boxes]) for boxes in (first, second))
    distance = np.linalg.norm(centers[:, None] - others[None], axis=2)
    return np.asarray((distance <= max_distance) & (labels[:, None] == names[None]))


def cosine_distances(first: NDArray[Any], second: NDArray[Any]) -> Matrix:
    """Return [N, M], 0..2, of embeddings [N, D] and [M, D]; 1 from one that is all zeros."""
    units = []
    for rows in (first, second):
        lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
        units.append(np.divide(rows, lengths, out=np.zeros(rows.shape), where=lengths > 0))
    return np.asarray(np.clip(1 - units[0] @ units[1].T, 0, 2))
