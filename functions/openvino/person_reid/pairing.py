"""Optimal assignment of the boxes of one image to those of the next."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from modelyard.inference.appearance import Flags, Matrix


def pair(distances: Matrix, possible: Flags, threshold: float) -> list[int]:
    """Return the column assigned to each row, or -1; no column twice.

    An unassigned row costs `threshold`, a pair its distance: the cheapest assignment is returned.
    So no pair exceeds the threshold, and one good pair is preferred to two that barely pass.

    Args:
        distances: [N, M], at least 0.
        possible: [N, M], False for pairs that are not allowed.
        threshold: The largest distance of a pair.
    """
    allowed = possible & (distances <= threshold)
    # A pair exactly at the threshold costs as much as none; it should still be made.
    costs = np.where(allowed, np.minimum(distances, threshold) - threshold - 1e-9, 0.0)
    matches = [-1] * len(distances)
    for row, column in zip(*linear_sum_assignment(costs), strict=True):
        if allowed[row, column]:
            matches[row] = int(column)
    return matches
