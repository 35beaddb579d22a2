"""Hypothesis strategies for the library's property tests.

Apply `steady` to each test: the same examples in every run, none stored on disk, and no
deadline, since a test must not fail because the machine is busy.
"""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from modelyard.annotation.attributes import Attribute
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

steady = settings(deadline=None, derandomize=True, database=None)

coordinates = st.floats(-300, 300, width=32)
points = st.tuples(coordinates, coordinates)
sizes = st.tuples(st.integers(1, 200), st.integers(1, 200))
names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=12)


def bitmaps(longest: int = 12) -> st.SearchStrategy[Bitmap]:
    """Bitmaps up to `longest` pixels a side, empty and full ones among them."""
    sides = st.tuples(st.integers(1, longest), st.integers(1, longest))
    return npst.arrays(np.bool_, sides)


def _flat(fewest: int, most: int) -> st.SearchStrategy[tuple[float, ...]]:
    lists = st.lists(points, min_size=fewest, max_size=most)
    return lists.map(lambda pairs: tuple(number for pair in pairs for number in pair))


_common = {
    "confidence": st.none() | st.floats(0, 1),
    "attributes": st.lists(st.builds(Attribute, names, names), max_size=2).map(tuple),
    "group_id": st.none() | st.integers(0, 9),
}
_turns = st.just(0.0) | st.floats(-720, 720)
_radii = st.tuples(st.floats(0, 200), st.floats(0, 200))
_joints = st.lists(
    st.builds(Keypoint, names, points, st.booleans()),
    min_size=1,
    max_size=5,
    unique_by=lambda joint: joint.label,
).map(tuple)
_places = st.integers(-14, 14) | st.integers(-20, 210)
_corners = st.tuples(coordinates, coordinates, coordinates, coordinates)

rectangles = st.builds(Rectangle, names, _corners, rotation=_turns, **_common)
upright_rectangles = st.builds(Rectangle, names, _corners, **_common)
ellipses = st.builds(Ellipse, names, points, _radii, rotation=_turns, **_common)
polygons = st.builds(Polygon, names, _flat(3, 9), **_common)
polylines = st.builds(Polyline, names, _flat(2, 9), **_common)
point_sets = st.builds(Points, names, _flat(1, 9), **_common)
cuboids = st.builds(Cuboid, names, _flat(8, 8), **_common)
masks = st.builds(
    Mask,
    names,
    bitmaps(),
    _places,
    _places,
    st.none() | _flat(3, 6),
    **_common,
)
skeletons = st.builds(Skeleton, names, _joints, **_common)
tags = st.builds(Tag, names, **_common)

shapes: st.SearchStrategy[Shape] = st.one_of(
    rectangles, ellipses, polygons, polylines, point_sets, cuboids, masks, skeletons, tags
)
"""Any shape, inside, across or outside the borders of an image of any of `sizes`."""
