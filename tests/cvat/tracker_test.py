"""Trackers, in the four request formats of CVAT's versions."""

from typing import Any

import pytest
import requests

from cvat.client import CvatServer
from cvat.pictures import SIZE, picture
from modelyard.annotation import Box, replies

FIRST: Box = (20.0, 20.0, 60.0, 60.0)
SECOND: Box = (90.0, 50.0, 130.0, 90.0)
FRAMES = 4


def moved(box: Box, frame: int) -> Box:
    left, top, right, bottom = box
    return left + 3 * frame, top + 2 * frame, right + 3 * frame, bottom + 2 * frame


def frame(number: int, *boxes: Box) -> str:
    return picture(*(moved(box, number) for box in boxes))


@pytest.mark.parametrize("repeats_shapes", [True, False])
def test_boxes_are_followed(cvat: CvatServer, repeats_shapes: bool) -> None:
    # 2.15 sends the previous shapes with the states; newer versions send nulls.
    function = cvat.function("tiny-tracker")
    drawn = [list(FIRST), list(SECOND)]
    payload: dict[str, Any] = {"image": frame(0, FIRST, SECOND), "shapes": drawn, "states": []}
    shapes, states = replies.tracked(cvat.invoke(function, payload), 2, SIZE)
    assert shapes == drawn
    for number in range(1, FRAMES):
        payload = {
            "image": frame(number, FIRST, SECOND),
            "shapes": shapes if repeats_shapes else [None, None],
            "states": states,
        }
        shapes, states = replies.tracked(cvat.invoke(function, payload), 2, SIZE)
        assert shapes == [list(moved(FIRST, number)), list(moved(SECOND, number))]


@pytest.mark.parametrize("repeats_shapes", [True, False])
def test_what_is_lost_is_null_or_stays(cvat: CvatServer, repeats_shapes: bool) -> None:
    function = cvat.function("tiny-tracker")
    start = {"image": picture(FIRST), "shapes": [list(FIRST)], "states": []}
    shapes, states = replies.tracked(cvat.invoke(function, start), 1, SIZE)
    step = {
        "image": picture(),
        "shapes": shapes if repeats_shapes else [None],
        "states": states,
    }
    lost, _ = replies.tracked(cvat.invoke(function, step), 1, SIZE)
    # 2.15 does not support null shapes.
    assert lost == [list(FIRST) if repeats_shapes else None]


def test_an_object_may_join_those_that_are_followed_already(cvat: CvatServer) -> None:
    function = cvat.function("tiny-tracker")
    start = {"image": frame(0, FIRST, SECOND), "shapes": [list(FIRST)], "states": []}
    _, states = replies.tracked(cvat.invoke(function, start), 1, SIZE)
    step = {
        "image": frame(1, FIRST, SECOND),
        "shapes": [None, list(moved(SECOND, 1))],
        "states": [*states, None],
    }
    shapes, _ = replies.tracked(cvat.invoke(function, step), 2, SIZE)
    assert shapes == [list(moved(FIRST, 1)), list(moved(SECOND, 1))]


def test_the_single_shape_of_the_first_versions(cvat: CvatServer) -> None:
    function = cvat.function("tiny-tracker")
    reply = cvat.invoke(function, {"image": frame(0, FIRST), "shape": list(FIRST), "state": None})
    assert set(reply) == {"shape", "state"}
    assert reply["shape"] == list(FIRST)
    reply = cvat.invoke(function, {"image": frame(1, FIRST), **reply})
    assert reply["shape"] == list(moved(FIRST, 1))


def test_declared_shapes_are_followed_as_objects(cvat: CvatServer) -> None:
    function = cvat.function("tiny-drifter")
    drawn: list[dict[str, Any]] = [
        {"type": "rectangle", "points": list(FIRST)},
        {"type": "polygon", "points": [90.0, 50.0, 130.0, 50.0, 110.0, 90.0]},
    ]
    payload = {"image": picture(), "shapes": drawn, "states": []}
    shapes, states = replies.tracked(cvat.invoke(function, payload), 2, SIZE)
    assert shapes == drawn
    follow: dict[str, Any] = {"image": picture(), "shapes": [None, None], "states": states}
    shapes, _ = replies.tracked(cvat.invoke(function, follow), 2, SIZE)
    assert [shape["type"] for shape in shapes] == ["rectangle", "polygon"]
    assert [shape["points"] for shape in shapes] == [
        [number + 1 for number in shape["points"]] for shape in drawn
    ]


def test_an_object_that_leaves_the_picture_is_lost(cvat: CvatServer) -> None:
    function = cvat.function("tiny-drifter")
    corner = [{"type": "rectangle", "points": [159.0, 119.0, 160.0, 120.0]}]
    start = {"image": picture(), "shapes": corner, "states": []}
    _, states = replies.tracked(cvat.invoke(function, start), 1, SIZE)
    step = {"image": picture(), "shapes": [None], "states": states}
    assert replies.tracked(cvat.invoke(function, step), 1, SIZE)[0] == [None]


@pytest.mark.parametrize("state", [{"py/object": "os.system"}, "gASVAA==", 7, [1, 2]])
def test_a_forged_state_is_refused(cvat: CvatServer, state: Any) -> None:
    payload = {"image": picture(FIRST), "shapes": [None], "states": [state]}
    with pytest.raises(requests.HTTPError, match=r"^400"):
        cvat.invoke(cvat.function("tiny-tracker"), payload)


def test_a_state_of_another_function_is_refused(cvat: CvatServer) -> None:
    start = {"image": picture(FIRST), "shapes": [list(FIRST)], "states": []}
    _, states = replies.tracked(cvat.invoke(cvat.function("tiny-tracker"), start), 1, SIZE)
    step = {"image": picture(FIRST), "shapes": [None], "states": states}
    with pytest.raises(requests.HTTPError, match=r"^400"):
        cvat.invoke(cvat.function("tiny-drifter"), step)
