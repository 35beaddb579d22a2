"""Trying a detector: picture input, drawn shapes, threshold, download."""

import json
from pathlib import Path

import pytest
from PIL import Image
from selenium.webdriver.common.keys import Keys

from console.conftest import Deploy
from console.page import Colour, Console, distance
from console.pictures import DARK, SIZE, picture
from modelyard.imaging.style import colour
from modelyard.serving.testing.shapes import cell
from modelyard_tools.embedded.testing import tiny

BOX = (100.0, 60.0, 220.0, 180.0)


@pytest.fixture(autouse=True)
def functions(deploy: Deploy) -> None:
    deploy(tiny.bright_detector())
    deploy(tiny.every_shape())


def at(kind: str, across: float, down: float) -> tuple[float, float]:
    left, top, width, height = cell(kind, *SIZE)
    return left + width * across, top + height * down


@pytest.mark.parametrize(
    ("kind", "places"),
    [
        ("rectangle", [(0.2, 0.5), (0.8, 0.5), (0.5, 0.8)]),
        ("polygon", [(0.2, 0.8), (0.5, 0.8), (0.65, 0.5)]),
        ("polyline", [(0.3, 0.2), (0.8, 0.5), (0.8, 0.8)]),
        ("points", [(0.3, 0.3), (0.7, 0.7)]),
        ("cuboid", [(0.2, 0.6), (0.6, 0.6), (0.8, 0.4), (0.4, 0.4), (0.7, 0.3), (0.7, 0.7)]),
        ("mask", [(0.2, 0.5), (0.5, 0.4), (0.75, 0.5)]),
        ("skeleton", [(0.3, 0.3), (0.5, 0.5), (0.7, 0.7)]),
    ],
)
def test_every_kind_of_shape_is_drawn_where_it_lies(
    console: Console, tmp_path: Path, kind: str, places: list[tuple[float, float]]
) -> None:
    console.open("tiny-shapes")
    console.choose(picture(tmp_path / "dark.png"))
    console.answered()
    expected = colour(f"a {kind}")
    console.until(lambda: all(console.shows(*at(kind, *place), expected) for place in places))


def test_an_ellipse_is_drawn_turned(console: Console, tmp_path: Path) -> None:
    console.open("tiny-shapes")
    console.choose(picture(tmp_path / "dark.png"))
    console.answered()
    x, y = at("ellipse", 0.5, 0.5)
    # The right end of a radius of a tenth of the width, rotated by 30 degrees clockwise.
    radius = SIZE[0] * 0.1
    console.until(lambda: console.shows(x + radius * 0.866, y + radius * 0.5, colour("a ellipse")))
    assert not console.shows(x + radius, y, colour("a ellipse"))


def test_areas_are_tinted_and_the_rest_is_left_alone(console: Console, tmp_path: Path) -> None:
    console.open("tiny-shapes")
    console.choose(picture(tmp_path / "dark.png"))
    console.answered()

    def tinted(kind: str, across: float, down: float) -> bool:
        seen = console.pixel(*at(kind, across, down))
        return distance(seen, DARK) > 20 and distance(seen, colour(f"a {kind}")) > 20

    console.until(lambda: tinted("mask", 0.4, 0.6))
    assert tinted("polygon", 0.5, 0.6)
    # The corner outside the mask, the rectangle's inside, a cell without a shape.
    assert distance(console.pixel(*at("mask", 0.65, 0.3)), DARK) < 10
    assert distance(console.pixel(*at("rectangle", 0.5, 0.5)), DARK) < 10
    assert distance(console.pixel(SIZE[0] * 5 / 6, SIZE[1] * 5 / 6), DARK) < 10


def test_labels_and_scores_are_shown(console: Console, tmp_path: Path) -> None:
    console.open("tiny-shapes")
    console.choose(picture(tmp_path / "dark.png"))
    console.until(lambda: "a tag" in console.labels())
    rows = [row.text for row in console.all(".results tr")]
    assert len(rows) == 9
    assert all("0.75" in row for row in rows)
    assert "size: large" in rows[0]
    # The caption above the rectangle, and the tag's in the picture's corner.
    left, top, _, _ = cell("rectangle", *SIZE)
    left, top = left + 0.2 * SIZE[0] / 3, top + 0.2 * SIZE[1] / 3
    assert console.shows(left + 1, top - 3, colour("a rectangle"))
    assert console.shows(1, 1, colour("a tag"))


def test_a_dropped_picture_is_looked_at(console: Console, tmp_path: Path) -> None:
    console.open("tiny-detector")
    console.drop(picture(tmp_path / "bright.png", BOX))
    console.answered()
    console.until(lambda: console.labels() == ["bright"])
    (found,) = console.response()
    assert found["points"] == list(BOX)
    for x, y in [(BOX[0], 120), (BOX[2], 120), (160, BOX[1]), (160, BOX[3])]:
        assert console.shows(x, y, colour("bright"))


@pytest.mark.parametrize("name", ["Cat", "Coffee", "Astronaut"])
def test_a_sample_is_looked_at(console: Console, name: str) -> None:
    console.open("tiny-shapes")
    console.sample(name)
    console.answered()
    console.until(lambda: len(console.labels()) == 9)


def test_a_photograph_held_askew_is_turned_as_cvat_does(console: Console, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    console.open("tiny-detector")
    console.choose(picture(tmp_path / "askew.jpg", BOX, exif=exif, quality=95))
    console.answered()
    console.until(lambda: console.labels() == ["bright"])
    (found,) = console.response()
    upright = (SIZE[1] - BOX[3], BOX[0], SIZE[1] - BOX[1], BOX[2])
    assert distance([round(number) for number in found["points"]], list(map(round, upright))) <= 2


def test_the_threshold_is_sent_and_holds(console: Console, tmp_path: Path) -> None:
    console.open("tiny-detector")
    # A score of about 0.7, the brightness of the region.
    grey = tmp_path / "grey.png"
    image = Image.open(picture(tmp_path / "bright.png", BOX))
    image.point(lambda value: value * 7 // 10).save(grey)
    console.choose(grey)
    console.until(lambda: console.labels() == ["bright"])
    assert "threshold" not in json.loads(console.copied("Request"))
    console.focus("#threshold")
    console.keys(Keys.END)
    console.until(lambda: console.labels() == [])
    assert console.text("output") == "1.00"
    assert json.loads(console.copied("Request"))["threshold"] == 1
    console.button("Use the default").click()
    console.until(lambda: console.labels() == ["bright"])
    assert "threshold" not in json.loads(console.copied("Request"))


def test_pointing_at_a_result_makes_it_stand_out(console: Console, tmp_path: Path) -> None:
    console.open("tiny-shapes")
    console.choose(picture(tmp_path / "dark.png"))
    console.until(lambda: len(console.labels()) == 9)
    mask = at("mask", 0.2, 0.5)
    assert console.shows(*mask, colour("a mask"))
    console.focus(".results tr")
    console.until(lambda: not console.shows(*mask, colour("a mask")))
    assert console.shows(*at("rectangle", 0.2, 0.5), colour("a rectangle"))


def test_the_annotated_picture_is_saved(console: Console, tmp_path: Path) -> None:
    console.open("tiny-detector")
    console.choose(picture(tmp_path / "street 1.png", BOX))
    console.until(lambda: console.labels() == ["bright"])
    file = console.download()
    assert file.name == "street 1-annotated.png"
    with Image.open(file) as image:
        assert image.size == SIZE
        saved = image.convert("RGB")
    edge: Colour = saved.getpixel((round(BOX[0]), 120))  # type: ignore[assignment]
    assert distance(edge, colour("bright")) < 90
    assert saved.getpixel((160, 120)) == (255, 255, 255)
    assert saved.getpixel((300, 230)) == DARK


def test_what_is_no_picture_is_refused_in_words(console: Console, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"not a picture")
    console.open("tiny-detector")
    console.one("input[type=file]").send_keys(str(broken))
    console.until(lambda: "broken.png: this browser cannot show it" in console.text(".fault"))


def test_the_newest_picture_wins(console: Console, tmp_path: Path) -> None:
    console.open("tiny-detector")
    first = picture(tmp_path / "first.png", BOX, (10, 10, 40, 40))
    console.one("input[type=file]").send_keys(str(first))
    console.choose(picture(tmp_path / "second.png", BOX))
    console.until(lambda: console.labels() == ["bright"])
    assert len(console.response()) == 1


def test_the_function_s_own_words_about_a_fault_are_shown(console: Console, tmp_path: Path) -> None:
    console.expected = ["413"]
    console.open("tiny-detector")
    large = tmp_path / "large.bmp"
    Image.effect_noise((1000, 1000), 90).convert("RGB").save(large)
    console.choose(large)
    console.until(lambda: "413: the body is larger" in console.text(".fault"))
