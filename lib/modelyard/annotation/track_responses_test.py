from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given

from modelyard.annotation.clipping import clip
from modelyard.annotation.errors import AnnotationError
from modelyard.annotation.extents import bounding_box, rectangle_corners
from modelyard.annotation.requests import ReidBox, ReidRequest
from modelyard.annotation.rle import decode_rle
from modelyard.annotation.shapes import (
    Keypoint,
    Mask,
    Points,
    Polygon,
    Rectangle,
    Shape,
    Skeleton,
    Tag,
)
from modelyard.annotation.testing.browser import strict
from modelyard.annotation.testing.strategies import shapes, sizes, steady
from modelyard.annotation.track_responses import encode_matches, encode_tracks
from modelyard.annotation.tracking import TrackedShape, TrackerInterface, TrackerRequest

SIZE = (100, 50)
BOX = Rectangle("", (1, 2, 30, 40))
L_SHAPE = np.array([[1, 0], [1, 0], [1, 1]], bool)


# Trackers


def tracking(interface: TrackerInterface, *previous: TrackedShape | None) -> TrackerRequest:
    states = tuple(f"state {index}" for index in range(len(previous)))
    return TrackerRequest(b"file", previous, states, interface)


def tracks(request: TrackerRequest, *found: Shape | None, state: Any = "s") -> Any:
    return strict(encode_tracks(found, [state] * len(found), request, SIZE))


def test_cvat_1_4_gets_one_shape_and_one_state() -> None:
    assert tracks(tracking("legacy_single", BOX), Rectangle("", (-5, 2, 30, 40))) == {
        "shape": [0, 2, 30, 40],
        "state": "s",
    }


def test_lists_get_lists_in_the_same_order() -> None:
    reply = encode_tracks(
        [BOX, None, Rectangle("x", (5, 6, 7, 8))],
        [1, 2, {"a": 3}],
        tracking("rectangles", *[None] * 3),
        SIZE,
    )

    assert strict(reply) == {
        "shapes": [[1, 2, 30, 40], None, [5, 6, 7, 8]],
        "states": [1, 2, {"a": 3}],
    }


def test_no_objects_get_empty_lists() -> None:
    assert tracks(tracking("objects")) == {"shapes": [], "states": []}


def test_boxes_stand_for_any_shape_where_cvat_knows_only_boxes() -> None:
    quadrilateral = Polygon("", (10, 5, 30, 1, 35, 20, 12, 22))
    mask = Mask("", L_SHAPE, 10, 20)
    height, width = L_SHAPE.shape
    reply = tracks(tracking("rectangles", None, None), quadrilateral, mask)

    assert reply["shapes"] == [[10, 1, 35, 22], [10, 20, 10 + width, 20 + height]]


def test_of_a_turned_rectangle_they_get_the_corners_in_the_image() -> None:
    rotated = Rectangle("", (40, 20, 60, 30), rotation=90)
    beyond = Rectangle("", (-10, 20, 10, 30), rotation=180)
    reply = tracks(tracking("rectangles", None, None), rotated, beyond)

    assert reply["shapes"][0] == [55, 15, 55, 35, 45, 35, 45, 15]
    assert sorted(zip(*[iter(reply["shapes"][1])] * 2, strict=True)) == [
        (0, 20),
        (0, 30),
        (10, 20),
        (10, 30),
    ]


def test_objects_have_no_angle() -> None:
    rotated = Rectangle("", (40, 20, 60, 30), rotation=90)
    (shape,) = tracks(tracking("objects", None), rotated)["shapes"]

    assert shape == {"type": "rectangle", "points": [45, 15, 55, 35]}


def test_objects_keep_their_kind() -> None:
    polygon = Polygon("", (10, 5, 30, 1, 35, 20))
    mask = Mask("", L_SHAPE, 10, 20)
    reply = tracks(tracking("objects", *[BOX] * 4), BOX, polygon, mask, Points("", (-9, -9)))

    assert reply["shapes"][0] == {"type": "rectangle", "points": [1, 2, 30, 40]}
    assert reply["shapes"][1] == {"type": "polygon", "points": [10, 5, 30, 1, 35, 20]}
    assert reply["shapes"][2]["type"] == "mask"
    assert np.array_equal(decode_rle(reply["shapes"][2]["points"])[0], L_SHAPE)
    assert reply["shapes"][3] is None


def test_a_shape_beyond_the_image_is_lost() -> None:
    assert tracks(tracking("rectangles", None), Rectangle("", (200, 2, 230, 40)))["shapes"] == [
        None
    ]


@pytest.mark.parametrize("interface", ["rectangles", "legacy_single"])
def test_versions_that_do_not_know_lost_objects_get_the_last_box(
    interface: TrackerInterface,
) -> None:
    reply = tracks(tracking(interface, BOX), None)

    assert (reply["shape"] if "shape" in reply else reply["shapes"][0]) == [1, 2, 30, 40]


class State(msgspec.Struct):
    template: bytes
    position: tuple[float, float]


@pytest.mark.parametrize(
    ("state", "sent"),
    [
        (State(b"\x00\xff", (1.5, 2)), {"template": "AP8=", "position": [1.5, 2]}),
        ({"a": np.float32(0.5), "b": np.arange(3)}, {"a": 0.5, "b": [0, 1, 2]}),
        ([], []),
        (0, 0),
    ],
)
def test_states_are_structs_or_json(state: Any, sent: Any) -> None:
    assert tracks(tracking("rectangles", BOX), BOX, state=state)["states"] == [sent]


@pytest.mark.parametrize(
    ("found", "states", "reason"),
    [
        ([BOX], ["s", "s"], "shapes must be 2, one per object, not 1"),
        ([BOX, BOX], ["s"], "states must be 2, one per object, not 1"),
        ([BOX, BOX], ["s", None], "a state is None"),
        ([BOX, BOX], ["s", object()], "state is not JSON: object cannot be converted to JSON"),
        ([BOX, Tag("a")], ["s", "s"], "a tracker cannot report a tag"),
        ([BOX, Skeleton("a", (Keypoint("1", (1, 1)),))], ["s", "s"], "cannot report a skeleton"),
    ],
)
def test_mistakes_of_a_tracker_raise(found: list[Any], states: list[Any], reason: str) -> None:
    with pytest.raises(AnnotationError, match=reason):
        encode_tracks(found, states, tracking("rectangles", None, None), SIZE)


@steady
@given(shapes.filter(lambda shape: not isinstance(shape, Tag | Skeleton)), sizes)
def test_tracked_boxes_are_those_of_the_visible_part(shape: Shape, size: tuple[int, int]) -> None:
    (sent,) = strict(encode_tracks([shape], ["s"], tracking("rectangles", None), size))["shapes"]
    rotated = isinstance(shape, Rectangle) and bool(shape.rotation)
    drawn = shape
    if isinstance(shape, Rectangle) and rotated:
        drawn = Polygon("", tuple(rectangle_corners(shape).ravel().tolist()))
    visible = clip(drawn, size)

    if sent is None:
        assert not visible
    else:
        assert not isinstance(visible[0], Tag)
        box = bounding_box(Polygon("", sent)) if rotated else sent
        assert box == pytest.approx(bounding_box(visible[0]), abs=0.006)


# Re-identification


def boxes(count: int) -> tuple[ReidBox, ...]:
    return tuple(ReidBox((0, 0, 9, 9), 1) for _ in range(count))


def test_matches_are_a_list_of_plain_integers() -> None:
    request = ReidRequest(b"0", b"1", boxes(3), boxes(4))

    assert encode_matches(tuple(np.array([3, -1, 0])), request) == b"[3,-1,0]"
    assert encode_matches([], ReidRequest(b"0", b"1", (), boxes(4))) == b"[]"


@pytest.mark.parametrize(
    ("matches", "reason"),
    [
        ([0, 1], "matches must be 3, one per object, not 2"),
        ([0, 1, 4], "a match is 4, not -1 and not an index into boxes1"),
        ([0, -2, 1], "a match is -2"),
        ([2, -1, 2], "with the same box of boxes1"),
    ],
)
def test_matches_that_would_break_cvats_tracks_raise(matches: list[int], reason: str) -> None:
    with pytest.raises(AnnotationError, match=reason):
        encode_matches(matches, ReidRequest(b"0", b"1", boxes(3), boxes(4)))


def test_a_match_must_be_a_whole_number() -> None:
    half: Any = 0.5
    with pytest.raises(TypeError):
        encode_matches([half], ReidRequest(b"0", b"1", boxes(1), boxes(1)))
