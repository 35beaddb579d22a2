"""Which boxes of two frames show the same object."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from modelyard.inference.appearance import Matrix

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
