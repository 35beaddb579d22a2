"""Trying a tracker and a re-identification function on series of pictures."""

import json
from pathlib import Path

import pytest

from console.conftest import Deploy
from console.page import Console
from console.pictures import picture
from modelyard.annotation import Box
from modelyard.imaging.style import colour
from modelyard_tools.embedded.testing import tiny

START: Box = (40.0, 60.0, 120.0, 140.0)
FRAMES = 4
ACROSS = 12


def moved(frame: int) -> Box:
    left, top, right, bottom = START
    return left + ACROSS * frame, top, right + ACROSS * frame, bottom


@pytest.fixture
def series(tmp_path: Path) -> list[Path]:
    """Numbered so that only natural sorting gives the right order."""
    numbers = range(8, 8 + FRAMES)
    return [picture(tmp_path / f"f{n}.png", moved(i)) for i, n in enumerate(numbers)]


@pytest.fixture(autouse=True)
def functions(deploy: Deploy) -> None:
    deploy(tiny.bright_tracker())
    deploy(tiny.drifter())
    deploy(tiny.overlap_reid())


def where(console: Console) -> str:
    return console.text(".frames .number")


def edges_are_drawn(console: Console, box: Box, label: str = "object 1") -> bool:
    left, top, right, bottom = box
    middle = (top + bottom) / 2
    places = [(left, middle), (right, middle), ((left + right) / 2, bottom)]
    return all(console.shows(*place, colour(label)) for place in places)


def test_a_series_is_stepped_through(console: Console, series: list[Path]) -> None:
    console.open("tiny-tracker")
    console.choose(*series)
    assert where(console) == "1 / 4 f8.png"
    console.drag(*START)
    for frame in range(1, FRAMES):
        console.button("Step").click()
        console.until(lambda frame=frame: where(console).startswith(f"{frame + 1} / 4"))  # type: ignore[misc]
        console.until(lambda frame=frame: edges_are_drawn(console, moved(frame)))  # type: ignore[misc]
    sent = json.loads(console.copied("Request"))
    assert sent["shapes"] == [None]
    assert len(sent["states"]) == 1
    console.button("Step").click()
    console.until(lambda: "last picture" in console.text(".fault"))


def test_results_stay_with_their_pictures(console: Console, series: list[Path]) -> None:
    console.open("tiny-tracker")
    console.choose(*series)
    console.drag(*START)
    console.button("Track to the end").click()
    console.until(lambda: where(console) == "4 / 4 f11.png")
    console.until(lambda: edges_are_drawn(console, moved(3)))
    for _ in range(2):
        console.button("Back").click()
    assert where(console) == "2 / 4 f9.png"
    console.until(lambda: edges_are_drawn(console, moved(1)))
    assert not edges_are_drawn(console, moved(3))
    console.button("Next").click()
    console.until(lambda: edges_are_drawn(console, moved(2)))


def test_an_object_may_be_added_on_the_way(console: Console, series: list[Path]) -> None:
    console.open("tiny-tracker")
    console.choose(*series)
    console.drag(*START)
    console.button("Step").click()
    console.until(lambda: where(console).startswith("2 / 4"))
    console.drag(*moved(1))
    console.button("Step").click()
    console.until(lambda: console.labels() == ["object 1", "object 2"])
    sent = json.loads(console.copied("Request"))
    assert len(sent["states"]) == 2


def test_an_object_that_is_lost_is_said_to_be(console: Console, tmp_path: Path) -> None:
    console.open("tiny-tracker")
    console.choose(picture(tmp_path / "1.png", START), picture(tmp_path / "2.png"))
    console.drag(*START)
    console.button("Step").click()
    console.until(lambda: "object 1: lost" in console.text(".results"))
    assert not edges_are_drawn(console, START)


def test_the_newer_form_is_used_where_it_is_declared(console: Console) -> None:
    console.open("tiny-drifter")
    console.sample("A short series")
    assert where(console) == "1 / 8 pan-1.jpg"
    console.drag(*START)
    console.button("Step").click()
    console.until(lambda: where(console).startswith("2 / 8"))
    left, top, right, bottom = START
    near = (left + 1, top + 1, right + 1, bottom + 1)
    console.until(lambda: edges_are_drawn(console, near))
    assert console.response()["shapes"][0]["type"] == "rectangle"


def test_one_has_to_say_what_is_to_be_followed(console: Console, series: list[Path]) -> None:
    console.open("tiny-tracker")
    assert "two or more pictures" in console.text(".hint")
    console.choose(*series)
    assert "Draw a box" in console.text(".hint")
    console.button("Step").click()
    console.until(lambda: "Draw a box" in console.text(".fault"))


def test_boxes_of_two_pictures_are_paired(console: Console, tmp_path: Path) -> None:
    console.open("tiny-reid")
    console.choose(picture(tmp_path / "1.png"), picture(tmp_path / "2.png"))
    console.drag(*START)
    console.drag(200, 60, 260, 200)
    console.button("Next").click()
    console.drag(*START)
    console.button("Run").click()
    console.answered()
    console.until(lambda: "box 1 of the first is box 1 of the second" in console.text(".results"))
    assert "box 2 of the first has no match" in console.text(".results")
    assert edges_are_drawn(console, START, "match 1")
    console.button("Back").click()
    console.until(lambda: edges_are_drawn(console, (200, 60, 260, 200), "no match"))
