import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.annotation.attributes import Attribute
from modelyard.annotation.errors import ShapeError
from modelyard.annotation.masks import Bitmap
from modelyard.annotation.shapes import (
    Cuboid,
    Ellipse,
    Keypoint,
    Mask,
    Points,
    Polygon,
    Polyline,
    Rectangle,
    Skeleton,
    Tag,
)
from modelyard.annotation.testing.strategies import bitmaps, steady

ONE_PIXEL = np.ones((1, 1), bool)


def plain(value: object) -> bool:
    """Return whether a value consists only of Python's own numbers."""
    if isinstance(value, tuple):
        return all(plain(item) for item in value)
    return type(value) in (float, int)


def test_numpy_rows_and_scalars_become_plain_floats() -> None:
    row: Any = np.array([1.5, 2, 30, 40, 0.25], np.float32)
    quarter: Any = np.int64(90)

    rectangle = Rectangle("cat", row[:4], confidence=row[4], rotation=quarter)

    assert rectangle.box == (1.5, 2.0, 30.0, 40.0)
    assert plain(rectangle.box)
    assert type(rectangle.confidence) is float
    assert type(rectangle.rotation) is float


def test_points_may_be_flat_or_pairs_or_an_array() -> None:
    flat = Polygon("a", (0, 0, 4, 0, 4, 4))

    pairs: Any = [(0, 0), (4, 0), (4, 4)]

    assert Polygon("a", pairs) == flat
    assert Polygon("a", np.array(pairs, np.int32)) == flat  # type: ignore[arg-type]
    assert plain(flat.points)


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf, np.float32("nan")])
@pytest.mark.parametrize(
    "make",
    [
        lambda broken: Rectangle("a", (0, 0, broken, 4)),
        lambda broken: Rectangle("a", (0, 0, 4, 4), confidence=broken),
        lambda broken: Rectangle("a", (0, 0, 4, 4), rotation=broken),
        lambda broken: Polygon("a", (0, 0, 1, 1, broken, 4)),
        lambda broken: Ellipse("a", (0, broken), (1, 1)),
        lambda broken: Ellipse("a", (0, 0), (1, broken)),
        lambda broken: Keypoint("a", (broken, 1)),
        lambda broken: Cuboid("a", (*[0.0] * 15, broken)),
        lambda broken: Attribute("age", broken),
    ],
)
def test_numbers_that_are_not_finite_are_refused(make: Any, broken: Any) -> None:
    with pytest.raises(ShapeError, match="finite"):
        make(broken)


@pytest.mark.parametrize(
    ("make", "geometry", "reason"),
    [
        (Rectangle, [(1, 2, 3)], "pairs x, y"),
        (Rectangle, [(1, 2, 3, 4, 5, 6)], "4 numbers xtl, ytl, xbr, ybr, not 6"),
        (Rectangle, [("x", 2, 3, 4)], "must be numbers"),
        (Rectangle, [None], "must be"),
        (Polygon, [(0, 0, 1, 1)], "polygon needs at least 3 points, not 2"),
        (Polygon, [np.zeros((3, 3))], "pairs x, y"),
        (Polyline, [(0, 0)], "polyline needs at least 2 points, not 1"),
        (Points, [()], "points needs at least 1 points, not 0"),
        (Cuboid, [[0] * 14], "exactly 8 points, not 7"),
        (Ellipse, [(0, 0), (1, -1)], "radii must not be negative"),
        (Ellipse, [(0, 0, 0, 0), (1, 1)], "center must be 2 numbers x, y, not 4"),
        (Skeleton, [()], "at least 1 element"),
        (Skeleton, [[Keypoint("1", (0, 0))] * 2], "at most once"),
        (Mask, [np.zeros(4, bool), 0, 0], r"\[height, width\], not \(4,\)"),
        (Mask, [np.zeros((0, 4), bool), 0, 0], r"not \(0, 4\)"),
        (Mask, [np.full((2, 2), 0.3), 0, 0], "compare scores with a threshold"),
        (Mask, [ONE_PIXEL, 0.5, 0], "left must be a whole number"),
        (Mask, [ONE_PIXEL, 0, 0, (1, 2, 3, 4)], "needs 3 points, not 2"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_reason(
    make: Any, geometry: Any, reason: str
) -> None:
    with pytest.raises(ShapeError, match=reason):
        make("a", *geometry)


@pytest.mark.parametrize(
    ("common", "reason"),
    [
        ({"confidence": 97}, "confidence must be in 0..1, not 97"),
        ({"confidence": "high"}, "confidence must be a number, not str"),
        ({"group_id": -1}, "group_id must not be negative"),
        ({"rotation": None}, "rotation must be a number, not NoneType"),
    ],
)
def test_what_shapes_have_in_common_is_checked(common: Any, reason: str) -> None:
    with pytest.raises(ShapeError, match=reason):
        Rectangle("a", (0, 0, 1, 1), **common)


def test_scores_slightly_above_one_are_one() -> None:
    assert Tag("a", confidence=float(np.float32(1.0000002))).confidence == 1.0
    assert Tag("a", confidence=-1e-9).confidence == 0.0


@steady
@given(st.floats(-1e6, 1e6))
def test_rotation_keeps_its_direction_within_one_turn(degrees: float) -> None:
    rotation = Rectangle("a", (0, 0, 1, 1), rotation=degrees).rotation

    assert 0 <= rotation < 360
    assert math.isclose(math.cos(math.radians(rotation - degrees)), 1, abs_tol=1e-9)


def test_a_rotation_just_below_zero_is_not_360() -> None:
    assert Rectangle("a", (0, 0, 1, 1), rotation=-1e-20).rotation == 0


@steady
@given(bitmaps())
def test_a_mask_keeps_its_own_read_only_pixels(bitmap: Bitmap) -> None:
    bytes_given: Any = bitmap.astype(np.uint8) * 255
    bits_given = bitmap.copy()
    mask, same = Mask("a", bytes_given, 3, 4), Mask("a", bits_given, 3, 4)
    bytes_given[:] = 7
    bits_given[:] ^= True

    assert np.array_equal(mask.bitmap, bitmap)
    assert np.array_equal(same.bitmap, bitmap)
    with pytest.raises(ValueError, match="read-only"):
        mask.bitmap[0, 0] = True


def test_whole_numbers_of_any_type_place_a_mask() -> None:
    column: Any = np.int64(3)
    row: Any = np.float32(4)
    mask = Mask("a", ONE_PIXEL, column, row)

    assert (mask.left, mask.top) == (3, 4)
    assert plain((mask.left, mask.top))
