"""Appearance: dark and light, narrow screens, content security policy."""

from pathlib import Path

import pytest

from console.conftest import Deploy
from console.page import Console
from console.pictures import picture
from modelyard.imaging.style import colour
from modelyard_tools.embedded.testing import tiny

BOX = (100.0, 60.0, 220.0, 180.0)


@pytest.fixture(autouse=True)
def functions(deploy: Deploy) -> None:
    deploy(tiny.bright_detector())
    deploy(tiny.bright_interactor())


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_it_is_as_light_or_dark_as_the_system(console: Console, scheme: str, is_dark: bool) -> None:
    console.colours(scheme)
    console.open("tiny-detector")
    shot = console.screenshot()
    corner = shot.getpixel((3, shot.height - 3))
    assert isinstance(corner, tuple)
    assert (max(corner) < 60) == is_dark
    assert (min(corner) > 200) == (not is_dark)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(console: Console, scheme: str) -> None:
    console.colours(scheme)
    console.open("tiny-detector")
    faint = console.script(
        """
        const paint = document.createElement("canvas").getContext("2d");
        const linear = (value) =>
          value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        const luminance = (colour) => {
          paint.fillStyle = colour;
          const channel = (at) => parseInt(paint.fillStyle.slice(at, at + 2), 16) / 255;
          const [r, g, b] = [1, 3, 5].map((at) => linear(channel(at)));
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const style = getComputedStyle(document.documentElement);
        const value = (name) => style.getPropertyValue(name).trim();
        const pairs = [];
        for (const ground of ["--ground", "--surface", "--sunken"]) {
          for (const text of ["--text", "--muted", "--accent", "--bad"]) pairs.push([ground, text]);
        }
        pairs.push(["--accent", "--on-accent"]);
        return pairs.filter((pair) => {
          const [one, other] = pair.map((name) => luminance(value(name)) + 0.05);
          return Math.max(one, other) / Math.min(one, other) < 4.5;
        });
        """
    )
    assert faint == []


@pytest.mark.parametrize("width", [320, 390])
def test_it_fits_a_phone(console: Console, tmp_path: Path, width: int) -> None:
    def overflow() -> int:
        return int(console.script("return document.documentElement.scrollWidth")) - width

    console.resize(width, 760)
    console.open_list()
    assert overflow() <= 0
    console.open("tiny-interactor")
    console.sample("Coffee")
    console.click(300, 100)
    console.answered()
    for tab in ("Request", "Response", "curl", "Log", "About"):
        console.button(tab).click()
        assert overflow() <= 0, tab
    assert (
        console.script("return document.querySelector('canvas').getBoundingClientRect().width")
        <= width
    )
    for button in console.all(".bench button"):
        area = button.rect
        assert area["x"] >= 0
        assert area["x"] + area["width"] <= width


def test_shapes_are_seen_in_the_window_not_only_on_the_canvas(
    console: Console, tmp_path: Path
) -> None:
    console.open("tiny-detector")
    console.choose(picture(tmp_path / "bright.png", BOX))
    console.until(lambda: console.labels() == ["bright"])
    console.script("document.querySelector('canvas').scrollIntoView({ block: 'center' })")
    area = console.script(
        "return document.querySelector('canvas').getBoundingClientRect().toJSON()"
    )
    zoom = area["width"] / 320
    shot = console.screenshot()
    x, y = round(area["x"] + BOX[0] * zoom), round(area["y"] + 120 * zoom)
    seen = [shot.getpixel((x + dx, y)) for dx in range(-3, 4)]
    assert any(
        max(abs(a - b) for a, b in zip(pixel, colour("bright"), strict=True)) < 40  # type: ignore[arg-type]
        for pixel in seen
    )


def test_what_the_policy_forbids_is_noticed_here(console: Console) -> None:
    # Otherwise the absence of errors in all the other tests would prove nothing.
    console.open_list()
    console.script(
        """
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        const style = document.createElement("style");
        style.textContent = "body { display: none }";
        const picture = document.createElement("img");
        picture.src = "http://127.0.0.2:9/outside.png";
        document.body.append(script, style, picture);
        """
    )
    refused: list[str] = []

    def all_three() -> bool:
        refused.extend(console.complaints())
        kinds = ("script-src", "style-src", "img-src")
        return all(any(kind in text for text in refused) for kind in kinds)

    console.until(all_three)
    assert console.script("return window.ran") is None
