"""The choice among candidates, on made-up maps."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from nanotrack.choosing import Choice, Tuning, choose

# Without penalties: the most probable candidate wins and its size is adopted fully.
PLAIN = Tuning(penalty=0.0, window=0.0, rate=1.0)
SIDE = 15


def maps(*candidates: tuple[int, int, float, tuple[float, ...]]) -> tuple[np.ndarray, np.ndarray]:
    """Logits and distances with (row, column, logit, distances) for one object, 20x20 elsewhere."""
    logits = np.zeros((1, 2, SIDE, SIDE), np.float32)
    logits[:, 0] = 10
    distances = np.full((1, 4, SIDE, SIDE), 10, np.float32)
    for row, column, logit, edges in candidates:
        logits[0, :, row, column] = 0, logit
        distances[0, :, row, column] = edges
    return logits, distances


def size(width: float, height: float) -> NDArray[np.float32]:
    return np.array([[width, height]], np.float32)


def test_a_candidate_becomes_a_shift_and_a_size() -> None:
    # Two positions right of the middle and one above: 32, -16. Edges 10 left, 20 right: 5 more.
    choice = choose(*maps((6, 9, 2.0, (10, 4, 20, 12))), size(30, 16), PLAIN)
    assert choice.shift.tolist() == [[37, -12]]
    assert choice.size.tolist() == [[30, 16]]
    assert choice.score[0] == pytest.approx(1 / (1 + math.exp(-2)))
    assert choice.weight[0] == pytest.approx(choice.score[0])


def test_a_candidate_of_another_size_counts_less() -> None:
    # The second is more probable, and twice as large in both directions.
    both = maps((7, 6, 2.0, (10, 10, 10, 10)), (7, 9, 2.4, (20, 20, 20, 20)))
    assert choose(*both, size(20, 20), PLAIN).size.tolist() == [[40, 40]]
    choice = choose(*both, size(20, 20), Tuning(0.2, 0.0, 1.0))
    assert choice.size.tolist() == [[20, 20]]
    assert choice.weight == pytest.approx(choice.score)


def test_the_weight_is_rate_times_score_times_penalty() -> None:
    choice = choose(*maps((7, 7, 2.0, (20, 20, 20, 20))), size(20, 20), Tuning(0.3, 0.0, 0.5))
    assert choice.weight[0] == pytest.approx(choice.score[0] * math.exp(-(2 - 1) * 0.3) * 0.5)


def test_other_proportions_count_less() -> None:
    # 40x10 instead of 20x20: the extent grows by sqrt(65 * 35 / 1600), the aspect ratio by 4.
    choice = choose(*maps((7, 7, 2.0, (20, 5, 20, 5))), size(20, 20), Tuning(0.1, 0.0, 1.0))
    change = 4 * math.sqrt(65 * 35 / 1600)
    assert choice.weight[0] == pytest.approx(choice.score[0] * math.exp(-(change - 1) * 0.1))


def test_of_equals_the_nearer_one_is_chosen() -> None:
    edges = (10.0, 10.0, 10.0, 10.0)
    both = maps((7, 1, 2.1, edges), (7, 8, 2.0, edges))
    assert choose(*both, size(20, 20), PLAIN).shift.tolist() == [[-96, 0]]
    assert choose(*both, size(20, 20), Tuning(0.0, 0.4, 1.0)).shift.tolist() == [[16, 0]]


@pytest.mark.parametrize("side", [15, 16])
def test_the_middle_is_where_the_object_was(side: int) -> None:
    logits = np.zeros((1, 2, side, side), np.float32)
    logits[0, 1, side // 2, side // 2] = 5
    distances = np.full((1, 4, side, side), 10, np.float32)
    assert choose(logits, distances, size(20, 20), PLAIN).shift.tolist() == [[0, 0]]


LOGITS = arrays(np.float32, (3, 2, SIDE, SIDE), elements=st.floats(-30, 30, width=32))
DISTANCES = arrays(np.float32, (3, 4, SIDE, SIDE), elements=st.floats(0, 200, width=32))
SIZES = arrays(np.float64, (3, 2), elements=st.floats(1, 200))
TUNING = Tuning(0.138, 0.455, 0.348)


@given(logits=LOGITS, distances=DISTANCES, sizes=SIZES)
def test_objects_do_not_mind_each_other(
    logits: np.ndarray, distances: np.ndarray, sizes: np.ndarray
) -> None:
    together = choose(logits, distances, sizes, TUNING)
    for index in range(3):
        one = slice(index, index + 1)
        alone = choose(logits[one], distances[one], sizes[one], TUNING)
        for got, expected in zip(together, alone, strict=True):
            np.testing.assert_array_equal(got[one], expected)


@given(logits=LOGITS, distances=DISTANCES, sizes=SIZES)
def test_what_is_chosen_is_finite_and_in_range(
    logits: np.ndarray, distances: np.ndarray, sizes: np.ndarray
) -> None:
    choice: Choice = choose(logits, distances, sizes, TUNING)
    assert all(np.isfinite(part).all() for part in choice)
    assert ((choice.score >= 0) & (choice.score <= 1)).all()
    assert ((choice.weight >= 0) & (choice.weight <= TUNING.rate)).all()
    assert (choice.size > 0).all()


@given(logits=LOGITS, distances=DISTANCES, sizes=SIZES)
def test_mirrored_maps_give_mirrored_shifts(
    logits: np.ndarray, distances: np.ndarray, sizes: np.ndarray
) -> None:
    # Without ties, which the first position in the map wins.
    logits = logits + np.random.default_rng(5).normal(0, 1, logits.shape).astype(np.float32)
    choice = choose(logits, distances, sizes, PLAIN)
    mirrored = choose(logits[..., ::-1], distances[:, [2, 1, 0, 3], :, ::-1], sizes, PLAIN)
    saturated = (choice.score == 0) | (choice.score == 1)
    np.testing.assert_allclose(mirrored.score, choice.score)
    np.testing.assert_allclose(
        mirrored.shift[~saturated], choice.shift[~saturated] * [-1, 1], atol=1e-4
    )
