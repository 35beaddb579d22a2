from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from modelyard.annotation.clipping import clip, clip_polygon, clip_polyline
from modelyard.annotation.coordinates import Box
from modelyard.annotation.extents import bounding_box
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
    Shape,
    Skeleton,
    Tag,
)
from modelyard.annotation.testing.strategies import (
    masks,
    point_sets,
    polygons,
    polylines,
    shapes,
    sizes,
    skeletons,
    steady,
    upright_rectangles,
)

SIZE = (100, 50)
cuttable = st.one_of(upright_rectangles, polygons, polylines, point_sets, masks)


def only(shape: Shape, size: tuple[int, int] = SIZE) -> Any:
    """Return the one shape left after clipping."""
    (part,) = clip(shape, size)
    return part


def area(points: tuple[float, ...]) -> float:
    """Return the area of a simple polygon (shoelace formula)."""
    x, y = np.reshape(points, (-1, 2)).T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


@steady
@given(cuttable, sizes)
def test_what_can_be_cut_lies_in_the_image(shape: Shape, size: tuple[int, int]) -> None:
    parts: list[Any] = clip(shape, size)
    for part in parts:
        left, top, right, bottom = bounding_box(part)
        assert 0 <= left <= right <= size[0]
        assert 0 <= top <= bottom <= size[1]


@steady
@given(shapes, sizes)
def test_cutting_twice_is_cutting_once(shape: Shape, size: tuple[int, int]) -> None:
    for part in clip(shape, size):
        again = only(part, size)
        if isinstance(part, Mask):
            assert np.array_equal(again.bitmap, part.bitmap)
            assert (again.left, again.top) == (part.left, part.top)
        elif isinstance(part, Polygon):
            assert area(again.points) == pytest.approx(area(part.points), abs=1e-6)
        else:
            assert again == part


@steady
@given(shapes, sizes)
def test_everything_but_the_geometry_is_kept(shape: Shape, size: tuple[int, int]) -> None:
    for part in clip(shape, size):
        assert type(part) is type(shape)
        assert part.label == shape.label
        assert part.confidence == shape.confidence
        assert part.attributes == shape.attributes
        assert part.group_id == shape.group_id


@pytest.mark.parametrize(
    ("box", "left"),
    [
        ((10, 10, 20, 20), (10, 10, 20, 20)),
        ((-5, -5, 20, 20), (0, 0, 20, 20)),
        ((90, 40, 110, 60), (90, 40, 100, 50)),
        ((-9, -9, 999, 999), (0, 0, 100, 50)),
    ],
)
def test_a_box_is_cut_at_each_border(box: Box, left: Box) -> None:
    part = only(Rectangle("a", box))

    assert part.box == left


@pytest.mark.parametrize(
    "shape",
    [
        Rectangle("outside", (100, 0, 120, 20)),
        Rectangle("swapped", (20, 20, 10, 10)),
        Rectangle("no width", (20, 20, 20, 30)),
        Rectangle("only a sliver is left", (99.8, 0, 120, 20)),
        Rectangle("rotated, outside", (200, 0, 220, 20), rotation=30),
        Rectangle("rotated, without width", (20, 20, 20, 30), rotation=30),
        Ellipse("outside", (-20, -20), (10, 10)),
        Ellipse("flat", (20, 20), (10, 0)),
        Cuboid("outside", (-5.0,) * 16),
        Polygon("outside", (-9, -9, -1, -9, -1, -1)),
        Polygon("on one line", (0, 0, 10, 10, 40, 40)),
        Polygon("on one point", (5, 5) * 4),
        Polyline("outside", (-9, -9, -1, -1)),
        Polyline("without length", (5, 5, 5, 5)),
        Points("outside", (-1, -1, 101, 51)),
        Mask("empty", np.zeros((4, 4), bool), 1, 1),
        Mask("outside", np.ones((4, 4), bool), 100, 0),
        Mask("outside", np.ones((4, 4), bool), 0, -4),
        Skeleton("outside", (Keypoint("1", (-1, 0)), Keypoint("2", (5, 5), outside=True))),
    ],
    ids=lambda shape: f"{shape.kind} {shape.label}",
)
def test_shapes_outside_the_image_are_dropped(shape: Shape) -> None:
    assert clip(shape, SIZE) == []


@pytest.mark.parametrize(
    "shape",
    [
        Rectangle("a", (90, 10, 120, 30), rotation=20),
        Ellipse("a", (100, 20), (30, 5), rotation=80),
        Cuboid("a", (90, 10, 90, 30, 99, 10, 99, 30, 120, 5, 120, 25, 110, 5, 110, 25)),
        Tag("a"),
    ],
    ids=lambda shape: shape.kind,
)
def test_what_cannot_be_cut_stays_whole_while_it_overlaps(shape: Shape) -> None:
    assert clip(shape, SIZE) == [shape]


def test_a_turned_box_counts_where_it_really_is() -> None:
    # Upright it is in the image; rotated by 90 degrees it is not.
    shape = Rectangle("a", (40, 49, 240, 51), rotation=90)

    assert clip(replace(shape, rotation=0), SIZE)
    assert clip(shape, SIZE) == []


def test_a_triangle_over_a_corner() -> None:
    points = clip_polygon((-10, -10, 30, -10, -10, 30), SIZE)

    # The hypotenuse x + y = 20 and the two borders remain.
    assert area(points) == pytest.approx(200)
    assert {(0.0, 0.0), (20.0, 0.0), (0.0, 20.0)} == set(
        zip(points[::2], points[1::2], strict=True)
    )


def test_a_polygon_around_the_image_becomes_its_border() -> None:
    assert area(clip_polygon((-500, -500, 900, -500, 900, 900, -500, 900), SIZE)) == 5000


def encloses(points: tuple[float, ...], x: float, y: float) -> bool:
    """Return whether a point is in a polygon, by counting the edges to its left."""
    vertices = list(zip(points[::2], points[1::2], strict=True))
    inside = False
    for (x0, y0), (x1, y1) in zip(vertices, vertices[1:] + vertices[:1], strict=True):
        if (y0 > y) != (y1 > y) and x0 + (y - y0) / (y1 - y0) * (x1 - x0) < x:
            inside = not inside
    return inside


def distance(points: tuple[float, ...], x: float, y: float) -> float:
    """Return how far a point is from the outline of a polygon."""
    start = np.reshape(points, (-1, 2))
    step = np.roll(start, -1, axis=0) - start
    along = ((x, y) - start) * step
    share = (along.sum(axis=1) / np.maximum((step**2).sum(axis=1), 1e-12)).clip(0, 1)
    return float(np.hypot(*(start + share[:, None] * step - (x, y)).T).min())


@steady
@given(polygons, sizes, st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_a_cut_polygon_encloses_what_the_whole_one_does(
    polygon: Polygon, size: tuple[int, int], across: float, down: float
) -> None:
    x, y = across * size[0], down * size[1]
    assume(distance(polygon.points, x, y) > 1e-3)
    cut = clip_polygon(polygon.points, size)

    if cut:
        assert encloses(cut, x, y) == encloses(polygon.points, x, y)
    else:
        # Dropped: nothing of it in the image is wider than a sliver.
        assert not encloses(polygon.points, x, y) or distance(polygon.points, x, y) < 0.5


def test_a_line_that_leaves_and_comes_back_becomes_two() -> None:
    pieces = clip_polyline((10, 10, 10, -10, 30, -10, 30, 40), SIZE)

    assert pieces == [(10, 10, 10, 0), (30, 0, 30, 40)]


def test_a_line_through_the_image_with_both_ends_outside() -> None:
    assert clip_polyline((-10, 20, 110, 20), SIZE) == [(0, 20, 100, 20)]


def test_inner_points_of_a_line_are_kept() -> None:
    line = (5.0, 5.0, 20.0, 30.0, 60.0, 10.0)

    assert clip_polyline(line, SIZE) == [line]


@steady
@given(polylines, sizes)
def test_pieces_of_a_line_have_the_length_that_is_in_the_image(
    line: Polyline, size: tuple[int, int]
) -> None:
    vertices = np.reshape(line.points, (-1, 2))
    steps = 2000
    shares = ((np.arange(steps) + 0.5) / steps)[:, None]
    expected = 0.0
    for start, end in pairwise(vertices):
        samples = start + shares * (end - start)
        inside = ((samples >= 0) & (samples <= size)).all(axis=1)
        expected += float(inside.mean() * np.hypot(*(end - start)))
    pieces = [np.reshape(piece, (-1, 2)) for piece in clip_polyline(line.points, size)]
    length = sum(np.hypot(*np.diff(piece, axis=0).T).sum() for piece in pieces)

    # Each sliver may lose half a pixel, and sampling errs by a step per segment.
    assert length == pytest.approx(expected, abs=1.5 * len(vertices))


def test_points_beyond_the_image_are_dropped_one_by_one() -> None:
    part = only(Points("a", (0, 0, 101, 10, 100, 50, 50, -0.1)))

    assert part.points == (0, 0, 100, 50)


@steady
@given(masks, sizes)
def test_a_cut_mask_shows_the_same_pixels_in_the_image(mask: Mask, size: tuple[int, int]) -> None:
    def pasted(shape: Mask) -> Bitmap:
        canvas = np.zeros((600, 600), bool)
        height, width = shape.bitmap.shape
        canvas[100 + shape.top :, 100 + shape.left :][:height, :width] = shape.bitmap
        return canvas[100 : 100 + size[1], 100 : 100 + size[0]]

    if not clip(mask, size):
        assert not pasted(mask).any()
        return
    part = only(mask, size)
    assert np.array_equal(pasted(part), pasted(mask))
    # And it is as small as possible.
    assert part.bitmap[[0, -1]].any(axis=1).all()
    assert part.bitmap[:, [0, -1]].any(axis=0).all()


def test_the_outline_of_a_mask_is_cut_too() -> None:
    mask = Mask("a", np.ones((10, 10), bool), 95, 5, (95, 5, 105, 5, 105, 15, 95, 15))

    part = only(mask)

    assert part.bitmap.shape == (10, 5)
    assert bounding_box(Polygon("a", part.polygon)) == (95, 5, 100, 15)


def test_an_outline_that_is_lost_leaves_the_mask() -> None:
    mask = Mask("a", np.ones((2, 2), bool), 0, 0, (-9, -9, -1, -9, -1, -1))

    part = only(mask)

    assert part.polygon is None


@steady
@given(skeletons, sizes)
def test_joints_beyond_the_image_become_outside(skeleton: Skeleton, size: tuple[int, int]) -> None:
    if clip(skeleton, size):
        part = only(skeleton, size)
        for before, after in zip(skeleton.elements, part.elements, strict=True):
            assert 0 <= after.point[0] <= size[0]
            assert 0 <= after.point[1] <= size[1]
            assert after.outside == (before.outside or before.point != after.point)
        assert not all(joint.outside for joint in part.elements)
