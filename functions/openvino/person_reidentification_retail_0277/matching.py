"""Which boxes of two frames show the same object."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from modelyard.inference.appearance import Matrix

# Exceeds the total cost of any assignment, since distances are at most 2.
_IMPOSSIBLE: Final = 1e6


def assign(costs: Matrix, allowed: NDArray[np.bool_]) -> list[int]:
    """Assign rows to columns one to one: as many as possible, at the least total cost.

    Args:
        costs: [N, M], 0..2.
        allowed: [N, M], which pairs are allowed.

    Returns:
        For each row its column, or -1.
    """
    rows, columns = linear_sum_assignment(np.where(allowed, costs, _IMPOSSIBLE))
    result = np.full(len(costs), -1)
    made = allowed[rows, columns]
    result[rows[made]] = columns[made]
    return result.tolist()
