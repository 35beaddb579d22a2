"""The console without a mouse."""

import json

import pytest
from selenium.webdriver.common.keys import Keys

from console.conftest import Deploy
from console.page import Console
from modelyard_tools.embedded.testing import tiny

_MOST_TABS = 60


@pytest.fixture(autouse=True)
def functions(deploy: Deploy) -> None:
    deploy(tiny.bright_detector())
    deploy(tiny.bright_interactor())


def tab_to(console: Console, css: str) -> None:
    """Press Tab until the focus is on what matches."""
    for _ in range(_MOST_TABS):
        console.keys(Keys.TAB)
        if console.script("return document.activeElement.matches(arguments[0])", css):
            return
    raise AssertionError(f"Tab does not lead to {css}")


def test_all_of_it_works_by_keyboard(console: Console) -> None:
    console.open_list()
    tab_to(console, "[data-function=tiny-interactor] a")
    console.keys(Keys.ENTER)
    console.until(lambda: console.all(".bench"))
    tab_to(console, "[aria-label='Sample: Coffee']")
    console.keys(Keys.ENTER)
    console.shown()
    tab_to(console, ".tools input")
    tab_to(console, "canvas")
    # The crosshair starts in the middle of the 600x400 picture and moves by twelve pixels.
    console.keys(*[Keys.ARROW_UP] * 8)
    console.keys(*[Keys.ARROW_UP] * 4, shift=True)
    console.keys(Keys.ENTER)
    console.answered()
    console.until(lambda: console.labels() == ["object"])
    assert json.loads(console.copied("Request"))["pos_points"] == [[300, 100]]


def test_a_box_is_drawn_by_keyboard(console: Console) -> None:
    console.open("tiny-interactor")
    console.sample("Coffee")
    console.focus(".tools input:checked")
    console.keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    tab_to(console, "canvas")
    console.keys(*[Keys.ARROW_LEFT] * 10, Keys.ENTER)
    console.keys(*[Keys.ARROW_RIGHT] * 20, *[Keys.ARROW_DOWN] * 5, Keys.ENTER)
    console.answered()
    assert json.loads(console.copied("Request"))["obj_bbox"] == [[180, 200], [420, 260]]
    console.focus("canvas")
    console.keys(Keys.BACKSPACE)
    console.until(lambda: console.labels() == [])


def test_tabs_obey_the_arrow_keys(console: Console) -> None:
    console.open("tiny-detector")
    console.focus("[role=tab][aria-selected=true]")
    console.keys(Keys.ARROW_RIGHT)
    assert console.script("return document.activeElement.textContent") == "Response"
    assert console.text("#panel-response") != ""
    assert console.text("#panel-request") == ""
    console.keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert console.script("return document.activeElement.textContent") == "About"


def test_the_focus_can_be_seen(console: Console) -> None:
    console.open("tiny-detector")
    tab_to(console, "button.choose")
    style = "return getComputedStyle(document.activeElement).outlineStyle"
    assert console.script(style) == "solid"


def test_every_control_has_a_name(console: Console) -> None:
    for page in ("tiny-detector", "tiny-interactor"):
        console.open(page)
        console.sample("Cat")
        nameless = console.script(
            """
            const controls = document.querySelectorAll("button, a, input, canvas, [tabindex='0']");
            return [...controls].filter((element) => !(
              element.textContent.trim() || element.getAttribute("aria-label") ||
              element.getAttribute("aria-labelledby") || element.labels?.length ||
              element.type === "file"
            )).map((element) => element.outerHTML);
            """
        )
        assert nameless == []
