import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from modelyard.annotation import ReidBox
from modelyard.inference.appearance import cosine_distances, possible_pairs


def box(x: float, y: float, label: int = 1) -> ReidBox:
    """A box of 10x20 with its centre there."""
    return ReidBox((x - 5, y - 10, x + 5, y + 10), label)


def test_only_boxes_of_one_label_and_near_each_other_are_possible_pairs() -> None:
    first = [box(100, 100), box(100, 100, label=2)]
    second = [box(130, 140), box(130, 140, label=2), box(130, 141), box(100, 100, label=3)]
    possible = possible_pairs(first, second, 50)
    assert possible.tolist() == [[True, False, False, False], [False, True, False, False]]


def test_labels_beyond_64_bits_and_boxes_with_swapped_corners_are_taken() -> None:
    swapped = ReidBox((5, 10, -5, -10), 2**70)
    assert possible_pairs([swapped], [box(0, 0, label=2**70)], 0).tolist() == [[True]]


def test_cosine_distances_ignore_lengths() -> None:
    first = np.array([[1, 0], [0, 2], [0, 0]], np.float32)
    second = np.array([[10, 0], [3, 3], [-1, 0]], np.float32)
    half = 1 - np.sqrt(0.5)
    expected = [[0, half, 2], [1, half, 1], [1, 1, 1]]
    np.testing.assert_allclose(cosine_distances(first, second), expected, atol=1e-7)


@given(vectors=arrays(np.float32, (3, 5), elements=st.floats(-100, 100, width=32)))
def test_cosine_distances_are_symmetric_and_in_range(vectors: np.ndarray) -> None:
    distances = cosine_distances(vectors, vectors)
    np.testing.assert_allclose(distances, distances.T)
    assert (distances >= 0).all()
    assert (distances <= 2).all()
