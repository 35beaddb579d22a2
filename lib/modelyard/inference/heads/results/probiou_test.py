"""Overlaps of Gaussians that are worked out by hand, and what they suppress."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.inference.heads.results.probiou import covariances, probiou, rotated_nms


def overlap(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    """Of two boxes: centre, width, height, radians."""
    (value,) = probiou(np.array([first[:4]]), np.array(first[4:]), np.array(second[:4]), second[4])
    return float(value)


def test_a_box_has_the_covariance_of_its_points() -> None:
    """Of a grid of points inside the box, rotated."""
    along, across = np.meshgrid(
        (np.arange(400) + 0.5) / 400 - 0.5, (np.arange(300) + 0.5) / 300 - 0.5
    )
    x, y, angle = 30 * along.ravel(), 10 * across.ravel(), 0.7
    points = (x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle))
    (xx, xy), (_, yy) = np.cov(points)
    found = covariances(np.array([[5.0, 6.0, 30.0, 10.0]]), np.array([angle]))
    np.testing.assert_allclose(np.ravel(found), (xx, yy, xy), rtol=1e-4)


def test_equal_boxes_overlap_entirely_however_they_are_written() -> None:
    box = (10, 20, 30, 8, 0.4)
    assert overlap(box, box) == pytest.approx(1, abs=1e-6)
    assert overlap(box, (10, 20, 8, 30, 0.4 + math.pi / 2)) == pytest.approx(1, abs=1e-6)
    assert overlap(box, (10, 20, 30, 8, 0.4 - math.pi)) == pytest.approx(1, abs=1e-6)


def test_squares_of_a_distance() -> None:
    # Both have the variance s = w * w / 12, so the Bhattacharyya distance is d * d / (8 * s).
    for distance in (1.0, 6.0, 12.0):
        expected = 1 - math.sqrt(1 - math.exp(-(distance**2) / (8 * 144 / 12)))
        assert overlap((0, 0, 12, 12, 0.0), (0, distance, 12, 12, 0.3)) == pytest.approx(expected)


def test_concentric_squares() -> None:
    # The Bhattacharyya coefficient is 2 * w * v / (w * w + v * v): 4 / 5 for 1 and 2.
    expected = 1 - math.sqrt(1 - 4 / 5)
    assert overlap((3, 3, 1, 1, 0.0), (3, 3, 2, 2, 0.0)) == pytest.approx(expected)


def test_a_cross() -> None:
    # Variances 4 and 1 against 1 and 4: sqrt(16 / 25).
    expected = 1 - math.sqrt(1 - 4 / 5)
    assert overlap((3, 3, 2, 1, 0.0), (3, 3, 2, 1, math.pi / 2)) == pytest.approx(expected)


sides = st.floats(1, 100)
boxes = st.tuples(st.floats(-50, 50), st.floats(-50, 50), sides, sides, st.floats(-4, 4))


@given(boxes, boxes, st.floats(-4, 4))
def test_the_order_and_a_rotation_of_both_change_nothing(
    first: tuple[float, ...], second: tuple[float, ...], turn: float
) -> None:
    def turned(box: tuple[float, ...]) -> tuple[float, ...]:
        x, y, *rest, angle = box
        cosine, sine = math.cos(turn), math.sin(turn)
        return (x * cosine - y * sine, x * sine + y * cosine, *rest, angle + turn)

    value = overlap(first, second)
    assert 0 <= value <= 1
    assert overlap(second, first) == pytest.approx(value, abs=1e-6)
    assert overlap(turned(first), turned(second)) == pytest.approx(value, abs=1e-6)


def test_a_dropped_box_drops_others_too() -> None:
    """Squares of 12 in steps of 4: neighbours overlap by 0.61, the next but one by 0.37."""
    centres = np.array([[4.0 * n, 0, 12, 12] for n in range(5)])
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    kept = rotated_nms(centres, np.zeros(5), scores, 0.5, None)
    # As Ultralytics' prediction: the first drops the second, which drops the third, …
    assert kept.tolist() == [0]
    kinds = np.array([0, 1, 0, 1, 0])
    assert rotated_nms(centres, np.zeros(5), scores, 0.5, kinds).tolist() == [0, 1, 2, 3, 4]
