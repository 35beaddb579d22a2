"""Trying an interactor: positive and negative clicks, the box, undo."""

import json
from pathlib import Path
from typing import Any

import pytest

from console.conftest import Deploy
from console.page import Console, distance
from console.pictures import picture
from modelyard.imaging.style import colour
from modelyard_tools.embedded.testing import tiny

LEFT = (20.0, 40.0, 120.0, 200.0)
RIGHT = (200.0, 40.0, 300.0, 200.0)
IN_LEFT = (70, 120)
IN_RIGHT = (250, 120)
DARK = (160, 20)
POSITIVE = (33, 163, 102)
NEGATIVE = (217, 48, 37)


@pytest.fixture(autouse=True)
def function(deploy: Deploy, console: Console, tmp_path: Path) -> None:
    deploy(tiny.bright_interactor())
    console.open("tiny-interactor")
    console.choose(picture(tmp_path / "two.png", LEFT, RIGHT))


def request(console: Console) -> dict[str, Any]:
    sent = json.loads(console.copied("Request"))
    assert isinstance(sent, dict)
    return sent


def is_tinted(console: Console, place: tuple[int, int]) -> bool:
    """Whether a white pixel of the picture is covered by the object's colour."""
    x, y = place
    tint = [round(255 + (value - 255) * 110 / 255) for value in colour("object")]
    return distance(console.pixel(x + 25, y + 25), tint) < 12


def test_nothing_is_asked_before_the_first_click(console: Console) -> None:
    assert "Click on the object" in console.text(".hint")
    assert console.text(".timing") == ""
    console.button("Run").click()
    console.until(lambda: "Click on the object" in console.text(".fault"))


def test_a_click_cuts_out_what_lies_under_it(console: Console) -> None:
    console.click(*IN_LEFT)
    console.answered()
    console.until(lambda: is_tinted(console, IN_LEFT))
    assert not is_tinted(console, IN_RIGHT)
    assert console.shows(*IN_LEFT, POSITIVE)
    ((x, y),) = request(console)["pos_points"]
    assert abs(x - IN_LEFT[0]) <= 1
    assert abs(y - IN_LEFT[1]) <= 1
    assert request(console)["obj_bbox"] is None


@pytest.mark.parametrize("how", [{"right": True}, {"shift": True}])
def test_the_other_button_and_shift_say_what_is_background(
    console: Console, how: dict[str, bool]
) -> None:
    console.click(*IN_LEFT)
    console.answered()
    console.click(*DARK, **how)
    console.until(lambda: len(request(console)["neg_points"]) == 1)
    assert len(request(console)["pos_points"]) == 1
    console.until(lambda: console.shows(*DARK, NEGATIVE))


def test_the_tool_for_background_works_where_there_is_one_button(console: Console) -> None:
    console.click(*IN_LEFT)
    console.answered()
    console.one(".tools input[value=negative]").click()
    console.click(*DARK)
    console.until(lambda: len(request(console)["neg_points"]) == 1)


def test_a_box_is_drawn_and_sent(console: Console) -> None:
    console.one(".tools input[value=box]").click()
    console.drag(10, 30, 310, 210)
    console.answered()
    console.until(lambda: is_tinted(console, IN_RIGHT))
    assert is_tinted(console, IN_LEFT)
    (left, top), (right, bottom) = request(console)["obj_bbox"]
    for got, wanted in zip((left, top, right, bottom), (10, 30, 310, 210), strict=True):
        assert abs(got - wanted) <= 1


def test_undo_takes_clicks_back_one_by_one(console: Console) -> None:
    console.click(*IN_RIGHT)
    console.answered()
    console.click(*IN_LEFT)
    console.until(lambda: len(request(console)["pos_points"]) == 2)
    console.button("Undo").click()
    console.until(lambda: len(request(console)["pos_points"]) == 1)
    console.until(lambda: is_tinted(console, IN_RIGHT))
    console.button("Undo").click()
    console.until(lambda: console.labels() == [])
    assert not is_tinted(console, IN_RIGHT)


def test_clear_begins_anew(console: Console) -> None:
    console.click(*IN_LEFT)
    console.until(lambda: console.labels() == ["object"])
    console.button("Clear").click()
    console.until(lambda: console.labels() == [])
    assert not console.shows(*IN_LEFT, POSITIVE)


def test_an_object_that_is_not_found_is_said_to_be_so(console: Console) -> None:
    console.expected = ["422"]
    console.click(*DARK)
    console.until(lambda: "422: no object found here" in console.text(".fault"))
    # The prompt stays, so that the next one can correct it.
    assert console.shows(*DARK, POSITIVE)


def test_a_function_may_want_four_points_and_no_others(console: Console, deploy: Deploy) -> None:
    extreme = {"min_pos_points": "4", "min_neg_points": "-1", "startswith_box_optional": ""}
    deploy(tiny.bright_interactor("extreme-points", **extreme))
    console.open("extreme-points")
    console.sample("Coffee")
    assert [tool.get_attribute("value") for tool in console.all(".tools input")] == ["positive"]
    for x in (300, 310, 320):
        console.click(x, 100)
    console.click(50, 50, right=True)
    assert "1 more" in console.text(".hint")
    assert console.text(".timing") == ""
    console.click(330, 100)
    console.answered()
    assert len(request(console)["pos_points"]) == 4


def test_a_function_may_begin_with_a_box(console: Console, deploy: Deploy) -> None:
    deploy(tiny.bright_interactor("box-first", startswith_box="true"))
    console.open("box-first")
    console.sample("Coffee")
    assert "Draw a box" in console.text(".hint")
    tool = console.script("return document.querySelector('.tools input:checked').value")
    assert tool == "box"
    console.drag(100, 50, 500, 350)
    assert "Click on the object" in console.text(".hint")
    console.one(".tools input[value=positive]").click()
    console.click(300, 100)
    console.answered()
    sent = request(console)
    assert len(sent["obj_bbox"]) == 2
    assert len(sent["pos_points"]) == 1
