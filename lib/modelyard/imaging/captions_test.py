import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.annotation import Attribute, Box, Rectangle, Shape, Tag
from modelyard.annotation.testing.strategies import shapes, steady
from modelyard.imaging.captions import caption, draw_captions, place
from modelyard.imaging.style import Style, colour

STYLE = Style.for_image(640, 480)
GREY = np.full((480, 640, 3), 128, np.uint8)


def overlap(first: Box, second: Box) -> bool:
    return (
        first[0] < second[2]
        and second[0] < first[2]
        and first[1] < second[3]
        and second[1] < first[3]
    )


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        (Tag("night"), "night"),
        (Tag("night", confidence=0.987), "night 0.99"),
        (Tag("a\nb \t c", confidence=1), "a b c 1.00"),
        (
            Tag("face", attributes=(Attribute("age", "31"), Attribute("mood", "sad"))),
            "face, 31, sad",
        ),
        (Tag("x" * 100), "x" * 59 + "…"),
    ],
)
def test_the_text_of_a_caption(shape: Shape, text: str) -> None:
    assert caption(shape) == text


SIZE = (640, 480)


@pytest.mark.parametrize(
    ("target", "where"),
    [
        ((100, 100, 200, 200), (100, 80, 150, 100)),  # Above the object.
        ((100, 5, 200, 200), (100, 5, 150, 25)),  # Inside, where there is no room above.
        ((620, 100, 640, 200), (590, 80, 640, 100)),  # Shifted in at the right.
        (None, (0, 0, 50, 20)),  # Of the whole image.
    ],
)
def test_a_caption_is_put_at_its_object(target: Box | None, where: Box) -> None:
    assert place(target, (50, 20), SIZE, []) == where


def test_a_caption_makes_way_for_earlier_ones() -> None:
    target = (100.0, 100.0, 200.0, 200.0)
    taken: list[Box] = []
    for _ in range(5):
        taken.append(place(target, (50, 20), SIZE, taken))

    assert [box[1] for box in taken] == [80, 100, 200, 120, 140]


sides = st.floats(1, 300)


@steady
@given(st.tuples(sides, sides, sides, sides), st.tuples(sides, sides), st.integers(0, 6))
def test_captions_stay_in_the_image_if_they_fit(
    target: Box, size: tuple[float, float], before: int
) -> None:
    taken: list[Box] = []
    for _ in range(before):
        taken.append(place(target, size, SIZE, taken))
    left, top, right, bottom = place(target, size, SIZE, taken)

    assert 0 <= left < right <= SIZE[0] + 1e-9
    assert 0 <= top < bottom <= SIZE[1] + 1e-9
    assert (right - left, bottom - top) == pytest.approx(size)


def test_a_caption_is_a_box_of_the_labels_colour_with_text_on_it() -> None:
    pixels = draw_captions(GREY, [Rectangle("cat", (100, 100, 200, 200), confidence=0.5)], STYLE)

    changed = (pixels != GREY).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert columns.min() == 100
    assert rows.max() in (99, 100)
    box = pixels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    share = (box == colour("cat")).all(axis=2).mean()
    assert 0.5 < share < 0.95
    assert np.array_equal(pixels[200:], GREY[200:])


@steady
@given(st.lists(shapes, max_size=3))
def test_any_captions_can_be_drawn_on_a_tiny_image(found: list[Shape]) -> None:
    assert draw_captions(GREY[:3, :5], found, STYLE).shape == (3, 5, 3)
