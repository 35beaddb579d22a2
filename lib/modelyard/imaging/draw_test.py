from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.annotation import (
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
    bounding_box,
)
from modelyard.annotation.testing.strategies import shapes, steady
from modelyard.imaging.draw import draw, save_png
from modelyard.imaging.image import Image
from modelyard.imaging.masks import Bitmap
from modelyard.imaging.style import colour

GREY = Image.from_pixels(np.full((400, 600, 3), 128, np.uint8))
RING = np.ones((100, 100), bool)
RING[40:60, 40:60] = False


def painted(image: Image, label: str) -> Bitmap:
    """Return bool [height, width]: where the exact colour of a label is."""
    return np.asarray((image.pixels == colour(label)).all(axis=2))


@pytest.mark.parametrize(
    ("shape", "on", "off"),
    [
        (Rectangle("a", (100, 200, 300, 350)), [(100, 275), (300, 275), (200, 350)], [(200, 275)]),
        (Rectangle("a", (100, 250, 300, 300), rotation=90), [(175, 275)], [(100, 275)]),
        (Ellipse("a", (300, 300), (200, 50)), [(100, 300), (500, 300), (300, 350)], [(110, 260)]),
        (Polygon("a", (100, 200, 300, 200, 300, 350)), [(200, 200), (300, 300)], []),
        (Polyline("a", (100, 200, 300, 200, 300, 350)), [(200, 200), (300, 300)], [(150, 240)]),
        (Points("a", (100, 200, 300, 350)), [(100, 200), (300, 350)], [(200, 275)]),
        (
            Cuboid(
                "a", (99, 200, 99, 300, 200, 200, 200, 300, 250, 150, 250, 250, 150, 150, 150, 250)
            ),
            [(99, 250), (200, 250), (150, 300), (250, 200), (200, 250)],
            [(175, 275)],
        ),
        (Mask("a", RING, 200, 200), [(200, 250), (300, 250), (250, 300)], [(250, 250)]),
        (
            Skeleton("a", (Keypoint("1", (100, 200)), Keypoint("2", (9, 300), outside=True))),
            [(100, 200)],
            [(9, 300)],
        ),
    ],
    ids=lambda value: value.kind if hasattr(value, "kind") else "",
)
def test_each_kind_is_drawn_where_it_is(
    shape: Shape, on: list[tuple[int, int]], off: list[tuple[int, int]]
) -> None:
    image = draw(GREY, [shape])

    assert all(painted(image, "a")[y, x] for x, y in on)
    assert all(image.pixels[y, x].tolist() == [128] * 3 for x, y in off)


def test_a_tag_is_a_caption_in_the_corner() -> None:
    image = draw(GREY, [Tag("night")])

    assert painted(image, "night")[:20, :40].mean() > 0.5
    assert np.array_equal(image.pixels[100:], GREY.pixels[100:])


def test_masks_and_polygons_are_tinted_and_the_image_shows_through() -> None:
    for shape in (
        Mask("a", RING, 200, 200),
        Polygon("a", (200, 200, 300, 200, 300, 300, 200, 300)),
    ):
        inside = draw(GREY, [shape]).pixels[225, 225].tolist()
        assert inside != [128, 128, 128]
        assert inside != list(colour("a"))
        assert inside == pytest.approx(128 * 0.6 + 0.4 * np.array(colour("a")), abs=1)


@pytest.mark.parametrize("background", [(0, 0, 0), (255, 255, 255), colour("a")])
def test_lines_show_on_any_background(background: tuple[int, int, int]) -> None:
    plain = Image.from_pixels(np.full((400, 600, 3), background, np.uint8))
    across = draw(plain, [Rectangle("a", (100, 200, 300, 350))]).pixels[275, 90:110].astype(int)

    # Across the line, the brightness changes sharply somewhere between neighbouring pixels.
    assert np.abs(np.diff(across, axis=0)).max() > 60


def test_small_objects_stay_visible_in_large_ones() -> None:
    # Their left borders coincide, where one must cover the other.
    large, small = Rectangle("large", (50, 50, 350, 350)), Rectangle("small", (50, 90, 140, 200))

    assert painted(draw(GREY, (large, small)), "small")[150, 50]
    assert painted(draw(GREY, (small, large)), "small")[150, 50]


def test_the_image_is_not_changed() -> None:
    before = GREY.pixels.copy()
    drawn = draw(GREY, [Rectangle("a", (100, 200, 300, 350))])

    assert np.array_equal(GREY.pixels, before)
    assert not np.array_equal(drawn.pixels, before)
    assert drawn.digest != GREY.digest


def test_nothing_found_draws_nothing() -> None:
    assert np.array_equal(draw(GREY, []).pixels, GREY.pixels)


@steady
@given(st.lists(shapes, max_size=4), st.tuples(st.integers(1, 60), st.integers(1, 60)))
def test_anything_can_be_drawn_on_any_image(found: list[Shape], size: tuple[int, int]) -> None:
    image = Image.from_pixels(np.full((size[1], size[0], 3), 128, np.uint8))

    assert draw(image, found).size == size


def test_coordinates_far_beyond_the_image_do_not_overflow() -> None:
    far = Ellipse("a", (300, 200), (1e12, 50))

    assert bounding_box(far)[0] < -1e11
    assert painted(draw(GREY, [far]), "a")[150, [1, 300, 599]].all()


def test_a_png_file_holds_the_same_pixels(tmp_path: Path) -> None:
    image = draw(GREY, [Rectangle("a", (100, 200, 300, 350))])
    path = tmp_path / "a b.preview"
    save_png(GREY, path)
    save_png(image, path)

    with PIL.Image.open(path) as reopened:
        assert reopened.format == "PNG"
        assert np.array_equal(np.asarray(reopened), image.pixels)
