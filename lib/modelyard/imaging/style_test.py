import colorsys
from itertools import combinations

import pytest
from hypothesis import given

from modelyard.annotation.testing.strategies import names, steady
from modelyard.imaging.style import Colour, Style, colour, text_colour

LABELS = (
    *("person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat"),
    *("cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"),
)


def luminance(paint: Colour) -> float:
    """Return the relative luminance of WCAG 2."""
    channels = [value / 255 for value in paint]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(part * c for part, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_the_colour_of_a_label_never_changes() -> None:
    # Pictures in documents and issues are compared across versions.
    assert colour("person") == (228, 90, 242)
    assert colour("車") == colour("車")


def test_labels_can_be_told_apart() -> None:
    paints = [colour(label) for label in LABELS]

    distances = [
        sum(abs(a - b) for a, b in zip(*pair, strict=True)) for pair in combinations(paints, 2)
    ]
    assert sum(distance < 40 for distance in distances) <= len(distances) / 20


@steady
@given(names)
def test_colours_are_vivid_and_text_on_them_is_legible(label: str) -> None:
    paint = colour(label)
    lighter, darker = sorted((luminance(paint), luminance(text_colour(paint))), reverse=True)

    assert colorsys.rgb_to_hls(*(channel / 255 for channel in paint))[2] > 0.8
    # WCAG 2 requires 4.5 for text of any size.
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


@pytest.mark.parametrize("side", [1, 64, 640, 1920, 8000])
def test_sizes_grow_with_the_image_and_never_vanish(side: int) -> None:
    style = Style.for_image(side, side // 2 + 1)

    assert style.line >= 1
    assert style.radius > style.line / 2
    assert style.font >= 10
    assert style.font == pytest.approx(max(10, side / 40), abs=0.5)
