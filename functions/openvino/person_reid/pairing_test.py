"""The assignment, on made-up distances and against an exhaustive search."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from person_reid.pairing import pair


def everywhere(distances: list[list[float]]) -> np.ndarray:
    return np.ones(np.shape(distances), bool)


@pytest.mark.parametrize(
    ("distances", "threshold", "expected"),
    [
        ([[0.1, 0.2], [0.2, 0.1]], 0.5, [0, 1]),
        # A greedy choice would leave 0.9 for the other.
        ([[0.1, 0.2], [0.2, 0.9]], 0.5, [1, 0]),
        # One good pair rather than two that barely pass.
        ([[0.01, 0.49], [0.49, 0.9]], 0.5, [0, -1]),
        ([[0.6, 0.7], [0.8, 0.5]], 0.5, [-1, 1]),
        ([[0.5]], 0.5, [0]),
        ([[0.5001]], 0.5, [-1]),
        ([[0.0]], 0.0, [0]),
        ([[0.3, 0.1, 0.2]], 0.5, [1]),
        ([[0.3], [0.1], [0.2]], 0.5, [-1, 0, -1]),
        ([[1.9]], 2.0, [0]),
    ],
)
def test_the_cheapest_pairing_is_made(
    distances: list[list[float]], threshold: float, expected: list[int]
) -> None:
    assert pair(np.array(distances), everywhere(distances), threshold) == expected


def test_an_impossible_pair_is_never_made() -> None:
    possible = np.array([[False, True], [True, True]])
    assert pair(np.array([[0.0, 0.3], [0.3, 0.0]]), possible, 0.7) == [1, 0]
    assert pair(np.zeros((2, 2)), np.zeros((2, 2), bool), 2.0) == [-1, -1]


MATRICES = st.tuples(st.integers(1, 4), st.integers(1, 4)).flatmap(
    lambda shape: st.tuples(
        arrays(np.float64, shape, elements=st.floats(0, 2)), arrays(np.bool_, shape)
    )
)


@given(case=MATRICES, threshold=st.floats(0, 2))
def test_no_other_pairing_is_cheaper(case: tuple[np.ndarray, np.ndarray], threshold: float) -> None:
    distances, possible = case
    matches = pair(distances, possible, threshold)
    assert len(matches) == len(distances)
    used = [column for column in matches if column >= 0]
    assert len(set(used)) == len(used)
    for row, column in enumerate(matches):
        if column >= 0:
            assert possible[row, column]
            assert distances[row, column] <= threshold

    def cost(pairing: tuple[int, ...]) -> float:
        allowed = [
            distances[row, column]
            if column < distances.shape[1] and possible[row, column]
            else threshold
            for row, column in enumerate(pairing)
        ]
        return sum(min(value, threshold) for value in allowed)

    rows, columns = distances.shape
    best = min(cost(order) for order in permutations(range(max(rows, columns) + rows), rows))
    made = tuple(column if column >= 0 else columns + row for row, column in enumerate(matches))
    assert cost(made) == pytest.approx(best, abs=1e-6)


@given(case=MATRICES, threshold=st.floats(0, 2), seed=st.integers(0, 1000))
def test_the_order_of_the_boxes_does_not_matter(
    case: tuple[np.ndarray, np.ndarray], threshold: float, seed: int
) -> None:
    distances, possible = case
    # Without ties, for which any solution is right.
    distances = distances + np.random.default_rng(7).uniform(0, 1e-4, distances.shape)
    order = np.random.default_rng(seed).permutation(len(distances))
    shuffled = pair(distances[order], possible[order], threshold)
    matches = pair(distances, possible, threshold)
    assert shuffled == [matches[row] for row in order]
