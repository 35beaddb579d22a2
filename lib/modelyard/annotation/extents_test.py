import math

import numpy as np
import pytest
from hypothesis import given

from modelyard.annotation.extents import bounding_box, rectangle_corners
from modelyard.annotation.shapes import Ellipse, Keypoint, Mask, Points, Rectangle, Skeleton
from modelyard.annotation.testing.strategies import ellipses, rectangles, steady


def test_a_quarter_turn_swaps_width_and_height() -> None:
    # 20 wide, 10 high, centre (20, 15); clockwise, so the top left corner goes to the top right.
    corners = rectangle_corners(Rectangle("a", (10, 10, 30, 20), rotation=90))

    assert corners == pytest.approx(np.array([(25, 5), (25, 25), (15, 25), (15, 5)]))


def test_a_turn_of_45_degrees_is_clockwise_on_the_screen() -> None:
    right_middle = np.mean(rectangle_corners(Rectangle("a", (-2, -1, 2, 1), rotation=45))[1:3], 0)

    # A vector to the right now points right and down, where y grows.
    assert right_middle == pytest.approx((math.sqrt(2), math.sqrt(2)))


@steady
@given(rectangles)
def test_turning_keeps_the_centre_and_the_sides(rectangle: Rectangle) -> None:
    left, top, right, bottom = rectangle.box
    corners = rectangle_corners(rectangle)

    assert corners.mean(axis=0) == pytest.approx(((left + right) / 2, (top + bottom) / 2), abs=1e-9)
    assert np.hypot(*(corners[1] - corners[0])) == pytest.approx(abs(right - left), abs=1e-9)
    assert np.hypot(*(corners[2] - corners[1])) == pytest.approx(abs(bottom - top), abs=1e-9)


@steady
@given(ellipses)
def test_the_box_of_an_ellipse_touches_it_on_all_sides(ellipse: Ellipse) -> None:
    angles = np.linspace(0, 2 * np.pi, 2000)
    turn = math.radians(ellipse.rotation)
    across, down = ellipse.radii[0] * np.cos(angles), ellipse.radii[1] * np.sin(angles)
    x = ellipse.center[0] + across * math.cos(turn) - down * math.sin(turn)
    y = ellipse.center[1] + across * math.sin(turn) + down * math.cos(turn)

    sampled = (x.min(), y.min(), x.max(), y.max())
    assert bounding_box(ellipse) == pytest.approx(sampled, abs=2e-3)


def test_boxes_of_the_other_kinds() -> None:
    joints = (Keypoint("1", (5, 6)), Keypoint("2", (9, 2)), Keypoint("3", (50, 50), outside=True))

    assert bounding_box(Mask("a", np.ones((2, 3), bool), 10, 20)) == (10, 20, 13, 22)
    assert bounding_box(Points("a", (4, 9, 1, 7))) == (1, 7, 4, 9)
    assert bounding_box(Skeleton("a", joints)) == (5, 2, 9, 6)
    assert bounding_box(Skeleton("a", joints[2:])) == (50, 50, 50, 50)
