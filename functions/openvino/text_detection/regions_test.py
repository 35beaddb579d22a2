"""Regions in made-up maps."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from text_detection.regions import clockwise, find_regions, reading_order


def a_map(*boxes: tuple[int, int, int, int], value: float = 0.9) -> np.ndarray:
    """A 200x100 map with these boxes (left, top, right, bottom; ends exclusive) marked."""
    probabilities = np.zeros((100, 200), np.float32)
    for left, top, right, bottom in boxes:
        probabilities[top:bottom, left:right] = value
    return probabilities


def test_a_core_grows_by_its_area_over_its_perimeter() -> None:
    (quad,), (score,) = find_regions(a_map((50, 30, 111, 41)), 0.5)
    # Dilation by 2x2 adds a pixel to the right and below: 62x12 pixels, 61x11 between middles.
    growth = 1.5 * 61 * 11 / (2 * (61 + 11))
    left, top, right, bottom = 50 - growth, 30 - growth, 112 + growth, 42 + growth
    expected = [(left, top), (right, top), (right, bottom), (left, bottom)]
    np.testing.assert_allclose(quad, expected, atol=0.01)
    # The added pixels are included, with value 0.
    assert score == pytest.approx(0.9 * (61 * 11) / (62 * 12), abs=1e-3)


def test_only_likely_regions_are_kept() -> None:
    probabilities = np.maximum(a_map((10, 10, 60, 30)), a_map((100, 10, 150, 30), value=0.5))
    assert len(find_regions(probabilities, 0.6).quads) == 1
    assert len(find_regions(probabilities, 0.4).quads) == 2
    assert len(find_regions(a_map((10, 10, 60, 30), value=0.29), 0.0).quads) == 0


def test_specks_and_empty_maps_give_nothing() -> None:
    assert find_regions(a_map(), 0.0).quads.shape == (0, 4, 2)
    assert find_regions(a_map((10, 10, 12, 12), (50, 50, 90, 51)), 0.0).quads.shape == (0, 4, 2)


def test_a_hole_is_no_region_but_what_lies_in_it_is() -> None:
    frame = a_map((20, 20, 180, 80))
    frame[30:70, 30:170] = 0
    assert len(find_regions(frame, 0.0).quads) == 1
    frame[45:55, 60:140] = 0.9
    assert len(find_regions(frame, 0.0).quads) == 2


def test_a_turned_line_has_a_turned_quadrilateral() -> None:
    probabilities = np.zeros((200, 200), np.float32)
    corners = cv2.boxPoints(((100, 100), (100, 16), 30))
    cv2.fillPoly(probabilities, [corners.round().astype(np.int32)], 0.9)
    (quad,), _ = find_regions(probabilities, 0.5)
    along, down = quad[1] - quad[0], quad[3] - quad[0]
    assert np.degrees(np.arctan2(along[1], along[0])) == pytest.approx(30, abs=1.5)
    assert abs(along @ down) < 1e-2 * np.linalg.norm(along) * np.linalg.norm(down)
    np.testing.assert_allclose(quad.mean(axis=0), (100.5, 100.5), atol=1.5)


@given(
    boxes=st.lists(
        st.tuples(st.integers(0, 180), st.integers(0, 90), st.integers(1, 80), st.integers(1, 40)),
        max_size=6,
    )
)
def test_each_core_lies_in_its_quadrilateral(boxes: list[tuple[int, int, int, int]]) -> None:
    probabilities = a_map(*((x, y, min(x + w, 200), min(y + h, 100)) for x, y, w, h in boxes))
    quads, scores = find_regions(probabilities, 0.0)
    assert len(quads) <= len(boxes)
    assert ((scores >= 0) & (scores <= 1)).all()
    covered = np.zeros((100, 200), np.uint8)
    for quad in quads:
        cv2.fillConvexPoly(covered, quad.round().astype(np.int32), 1)
        (ax, ay), (bx, by) = quad[1] - quad[0], quad[3] - quad[0]
        assert ax * by > ay * bx, "clockwise"
    # Everything except specks is covered.
    wide = cv2.morphologyEx((probabilities > 0.3).astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5)))
    assert (covered[wide > 0] == 1).all()


@given(
    angle=st.floats(-40, 40),
    order=st.permutations(range(4)),
    x=st.floats(-500, 500),
    y=st.floats(-500, 500),
)
def test_corners_are_put_in_order(angle: float, order: list[int], x: float, y: float) -> None:
    turn = np.radians(angle)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    quad = np.array([(-50, -10), (50, -10), (50, 10), (-50, 10)]) @ rotation + [x, y]
    np.testing.assert_array_equal(clockwise(quad[None][:, order]), quad[None])


def quad(left: float, top: float, height: float = 20) -> list[tuple[float, float]]:
    right, bottom = left + 60, top + height
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def test_lines_are_read_from_the_top_and_words_from_the_left() -> None:
    quads = [quad(100, 54), quad(0, 100), quad(0, 50), quad(200, 46), quad(90, 0)]
    order = reading_order(np.array(quads, np.float32))
    assert order.tolist() == [4, 2, 0, 3, 1]
    assert reading_order(np.empty((0, 4, 2), np.float32)).tolist() == []
