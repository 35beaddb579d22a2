import numpy as np
import pytest
from hypothesis import given

from modelyard.annotation import (
    Cuboid,
    Ellipse,
    Keypoint,
    Label,
    LabelSet,
    Mask,
    Points,
    Polygon,
    Polyline,
    Rectangle,
    Shape,
    Skeleton,
    Tag,
    bounding_box,
)
from modelyard.annotation.testing.skeletons import drawing_of
from modelyard.annotation.testing.strategies import shapes, steady
from modelyard.imaging.strokes import strokes

JOINTS = ("hip", "knee", "foot")
LABELS = LabelSet(
    [
        Label(
            "leg",
            type="skeleton",
            sublabels=tuple(Label(name) for name in JOINTS),
            svg=drawing_of(JOINTS, [("hip", "knee"), ("knee", "foot")]),
        )
    ]
)


def test_closed_open_and_dotted_kinds() -> None:
    assert [path.tolist() for path in strokes(Rectangle("a", (1, 2, 3, 4))).closed] == [
        [[1, 2], [3, 2], [3, 4], [1, 4]]
    ]
    assert strokes(Polygon("a", (0, 0, 1, 0, 1, 1))).closed[0].tolist() == [[0, 0], [1, 0], [1, 1]]
    assert strokes(Polyline("a", (0, 0, 1, 0))).open[0].tolist() == [[0, 0], [1, 0]]
    assert strokes(Points("a", (0, 0, 1, 0))).dots.tolist() == [[0, 0], [1, 0]]
    assert strokes(Mask("a", np.ones((2, 3), bool), 5, 6)).closed[0].min(axis=0).tolist() == [5, 6]


def test_a_tag_has_no_strokes() -> None:
    closed, lines, dots = strokes(Tag("a"))

    assert not closed
    assert not lines
    assert not len(dots)


def test_a_cuboid_has_twelve_edges() -> None:
    # Front left, front right, rear right, rear left; each top and then bottom.
    cuboid = Cuboid("a", (0, 0, 0, 9, 5, 0, 5, 9, 7, -2, 7, 7, 2, -2, 2, 7))
    top, bottom = strokes(cuboid).closed

    assert top.tolist() == [[0, 0], [5, 0], [7, -2], [2, -2]]
    assert bottom.tolist() == [[0, 9], [5, 9], [7, 7], [2, 7]]
    assert [line.tolist() for line in strokes(cuboid).open] == [
        [[0, 0], [0, 9]],
        [[5, 0], [5, 9]],
        [[7, -2], [7, 7]],
        [[2, -2], [2, 7]],
    ]


def test_a_skeleton_has_dots_and_the_bones_between_visible_joints() -> None:
    hip, knee = Keypoint("hip", (1, 1)), Keypoint("knee", (2, 5))
    leg = Skeleton("leg", (hip, knee, Keypoint("foot", (9, 9), outside=True)))

    assert strokes(leg, LABELS).dots.tolist() == [[1, 1], [2, 5]]
    assert [bone.tolist() for bone in strokes(leg, LABELS).open] == [[[1, 1], [2, 5]]]
    assert not strokes(leg).open
    assert not strokes(Skeleton("arm", (hip,)), LABELS).open


@steady
@given(shapes.filter(lambda shape: not isinstance(shape, Tag | Mask | Skeleton)))
def test_strokes_fill_the_box_around_a_shape(shape: Shape) -> None:
    assert not isinstance(shape, Tag)
    closed, lines, dots = strokes(shape)
    vertices = np.concatenate([*closed, *lines, dots])
    found = [*vertices.min(axis=0), *vertices.max(axis=0)]

    # An ellipse is drawn with corners and falls short of its box by 0.1 percent.
    slack = 0.001 * max(shape.radii) + 1e-6 if isinstance(shape, Ellipse) else 1e-6
    assert found == pytest.approx(bounding_box(shape), abs=slack)
