"""The best pairing of the boxes of one image with those of the next."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from modelyard.inference.appearance import Flags, Matrix


def pair(distances: Matrix, possible: Flags, threshold: float) -> list[int]:
    """Return for each row the column it belongs to, or -1; no column twice.

    To leave a row alone costs `threshold`, to pair it costs the distance: the cheapest pairing
    of all is returned. So no pair lies above the threshold, and one good pair is worth more than
    two that barely pass.

    Args:
        distances: [N, M], at least 0.
        possible: [N, M], False where no pair may be, whatever the distance.
        threshold: The largest distance of a pair.
    """
    allowed = possible & (distances <= threshold)
    # A pair right at the threshold costs as much as none; it should still be made.
    costs = np.where(allowed, np.minimum(distances, threshold) - threshold - 1e-9, 0.0)
    matches = [-1] * len(distances)
    for row, column in zip(*linear_sum_assignment(costs), strict=True):
        if allowed[row, column]:
            matches[row] = int(column)
    return matches
