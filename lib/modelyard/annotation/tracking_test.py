import base64
from typing import Any

import pytest

from modelyard.annotation.errors import RequestError
from modelyard.annotation.shapes import Cuboid, Ellipse, Mask, Points, Polygon, Polyline, Rectangle
from modelyard.annotation.tracking import TrackerRequest, parse_tracker

IMAGE = base64.b64encode(b"file").decode()
BOX = Rectangle("", (1, 2, 30, 40))


def parse(objects: bool = False, **body: Any) -> TrackerRequest:
    return parse_tracker({"image": IMAGE, **body}, objects=objects)


def test_cvat_1_4_asks_about_one_object() -> None:
    first = parse(shape=[1, 2, 30, 40], state=None)
    later = parse(shape=[1, 2, 30, 40], state={"a": 1})
    lost = parse(shape=None, state={"a": 1})

    assert first == TrackerRequest(b"file", (BOX,), (None,), "legacy_single")
    assert later.states == ({"a": 1},)
    assert lost.shapes == (None,)


def test_lists_of_boxes_start_without_states() -> None:
    request = parse(shapes=[[1, 2, 30, 40], [30, 40, 1, 2]], states=[])

    assert request.interface == "rectangles"
    assert request.shapes == (BOX, BOX)
    assert request.states == (None, None)


def test_follow_ups_of_2_15_repeat_the_shapes_and_later_ones_do_not() -> None:
    states = ["x", {"y": [1, 2]}]

    assert parse(shapes=[[1, 2, 30, 40]] * 2, states=states).states == ("x", {"y": [1, 2]})
    assert parse(shapes=[None, None], states=states).shapes == (None, None)


def test_each_object_without_a_state_starts() -> None:
    request = parse(shapes=[None, [1, 2, 30, 40], [1, 2, 30, 40]], states=["x", None])

    assert request.states == ("x", None, None)


def test_shape_objects_are_recognised_and_declared() -> None:
    shape = {"type": "rectangle", "points": [1, 2, 30, 40]}

    assert parse(shapes=[shape], states=[]).interface == "objects"
    assert parse(shapes=[shape], states=[]).shapes == (BOX,)
    # Follow-ups do not show the format, so the function's declaration decides.
    assert parse(shapes=[None], states=["x"]).interface == "rectangles"
    assert parse(objects=True, shapes=[None], states=["x"]).interface == "objects"


def test_lists_of_numbers_are_answered_likewise_whatever_is_declared() -> None:
    request = parse(objects=True, shapes=[[1, 2, 30, 40], None], states=["x", "y"])

    assert request.interface == "rectangles"


def test_corners_that_a_reply_held_come_back_as_their_box() -> None:
    corners = [1, 20, 15, 2, 30, 20, 15, 40]

    assert parse(shapes=[corners], states=["x"]).shapes == (BOX,)


@pytest.mark.parametrize(
    ("kind", "points", "shape"),
    [
        ("polygon", [0, 0, 4, 0, 4, 4], Polygon("", (0, 0, 4, 0, 4, 4))),
        ("polyline", [0, 0, 4, 0], Polyline("", (0, 0, 4, 0))),
        ("points", [1, 2], Points("", (1, 2))),
        ("cuboid", [*range(16)], Cuboid("", tuple(range(16)))),
        ("ellipse", [10, 20, 15, 18], Ellipse("", (10, 20), (5, 2))),
    ],
)
def test_objects_of_every_kind(kind: str, points: list[float], shape: object) -> None:
    assert parse(shapes=[{"type": kind, "points": points}], states=[]).shapes == (shape,)


def test_masks_come_as_run_lengths() -> None:
    (mask,) = parse(shapes=[{"type": "mask", "points": [1, 2, 1, 5, 6, 6, 7]}]).shapes

    assert isinstance(mask, Mask)
    assert mask.bitmap.tolist() == [[False, True], [True, False]]
    assert (mask.left, mask.top) == (5, 6)


def test_no_objects_at_all() -> None:
    assert parse(shapes=[], states=[]).shapes == ()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "shapes: expected a list with one shape per object, but it is missing"),
        ({"shapes": 5}, "shapes: expected a list, but it is a number"),
        ({"shapes": [None]}, "shapes[0]: expected a shape, since there is no state for it"),
        ({"shapes": [None], "states": [None]}, "shapes[0]: expected a shape"),
        ({"shape": None, "state": None}, "shapes[0]: expected a shape"),
        ({"shapes": [], "states": ["x"]}, "states: expected at most one for each of 0 shapes"),
        ({"shapes": [[1, 2, 3]]}, "shapes[0]: expected a box [xtl, ytl, xbr, ybr], not 3 numbers"),
        ({"shapes": ["x"]}, "shapes[0]: expected a list of numbers, but it is text"),
        ({"shapes": [{"points": [1]}]}, "shapes[0].type: expected text, but it is null"),
        ({"shapes": [{"type": "tag", "points": []}]}, "shapes[0]: type must be rectangle, polygon"),
        ({"shapes": [{"type": "rectangle"}]}, "shapes[0].points: expected a list of numbers"),
        ({"shapes": [{"type": "polygon", "points": [1, 2]}]}, "needs at least 3 points, not 1"),
        ({"shapes": [{"type": "ellipse", "points": [1, 2, 0, 0]}]}, "radii must not be negative"),
        ({"shapes": [{"type": "mask", "points": [9, 0, 0, 1, 1]}]}, "fill its 2x2 box"),
    ],
)
def test_requests_that_are_none(body: dict[str, Any], reason: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse(**body)

    assert caught.value.status == 400
    assert reason in caught.value.message


def test_the_image_is_read() -> None:
    with pytest.raises(RequestError, match="image: expected the base64 text"):
        parse_tracker({"shapes": [], "states": []})
