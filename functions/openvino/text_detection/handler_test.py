"""The detector with its real weights, on a photographed page and on rendered lines."""

import json
from typing import Any

import msgspec
import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import pytest

from modelyard import Assets, Device, Image, LabelSet, Polygon, bounding_box
from modelyard.annotation import LabelError
from modelyard.inference.boxes import iou_matrix
from samples import Asker, assets_named_by, photograph, photograph_file
from text_detection.handler import TextDetection, fitted

# The photographed page: its lines' text, and their boxes, measured by hand.
PAGE = [
    ("Region-based segmentation", (5, 10, 294, 36)),
    ("Let us first determine markers of the coins and the", (5, 47, 377, 66)),
    ("background. These markers are pixels that we can label", (5, 65, 377, 84)),
    ("unambiguously as either object or background. Here,", (5, 82, 377, 103)),
    ("the markers are found at the two extreme parts of the", (5, 98, 378, 121)),
    ("histogram of grey values:", (6, 115, 173, 136)),
    (">>> markers = np.zeros_like(coins)", (18, 165, 242, 192)),
]


@pytest.fixture(scope="module")
def assets() -> Assets:
    return assets_named_by("MODELYARD_TEST_ASSETS")


@pytest.fixture(scope="module")
def model(assets: Assets) -> TextDetection:
    model = TextDetection()
    model.load(assets, Device())
    return model


def said(shape: Polygon) -> str:
    return "".join(attribute.value for attribute in shape.attributes)


def iou(first: Any, second: Any) -> float:
    return float(iou_matrix(np.array([first], float), np.array([second], float))[0, 0])


def words(text: str) -> str:
    """The letters and digits of a text: punctuation is too small to be reliable."""
    return "".join(character for character in text if character.isalnum())


def test_a_page_is_read_line_by_line(model: TextDetection) -> None:
    found = model.detect(photograph("page.png"), model.default_threshold)
    assert [words(said(shape)) for shape in found] == [words(text) for text, _ in PAGE]
    for shape, (_, box) in zip(found, PAGE, strict=True):
        assert len(shape.points) == 8
        # The quadrilaterals have a margin of several pixels around ten-pixel letters.
        assert iou(bounding_box(shape), box) >= 0.6


@pytest.mark.parametrize("name", ["chelsea.png", "rocket.jpg"])
def test_where_no_text_is_none_is_found(model: TextDetection, name: str) -> None:
    assert model.detect(photograph(name), model.default_threshold) == []


LINES = ["Modelyard reads this line", "and 12345.67 EUR"]


def drawn() -> PIL.Image.Image:
    """Two printed lines on white."""
    picture = PIL.Image.new("RGB", (640, 260), "white")
    draw = PIL.ImageDraw.Draw(picture)
    draw.text((40, 40), LINES[0], fill="black", font=PIL.ImageFont.load_default(40))
    draw.text((60, 140), LINES[1], fill="darkblue", font=PIL.ImageFont.load_default(60))
    return picture


def image_of(picture: PIL.Image.Image) -> Image:
    return Image.from_pixels(np.asarray(picture.convert("RGB")))


def test_print_is_read_to_the_letter(model: TextDetection) -> None:
    found = model.detect(image_of(drawn()), 0.5)
    assert [said(shape) for shape in found] == LINES
    for shape, ink in zip(found, [(40, 40, 499, 90), (60, 140, 570, 215)], strict=True):
        assert iou(bounding_box(shape), ink) >= 0.6
        assert (shape.confidence or 0) >= 0.7


@pytest.mark.parametrize("angle", [-20, 90, 180])
def test_lines_are_read_whichever_way_they_run(model: TextDetection, angle: int) -> None:
    turned = drawn().rotate(angle, expand=True, fillcolor="white")
    found = model.detect(image_of(turned), 0.5)
    assert sorted(said(shape) for shape in found) == sorted(LINES)


def test_a_turned_line_has_a_turned_polygon(model: TextDetection) -> None:
    turned = drawn().rotate(-20, expand=True, fillcolor="white")
    for shape in model.detect(image_of(turned), 0.5):
        corners = np.reshape(shape.points, (4, 2))
        along = corners[1] - corners[0]
        assert np.degrees(np.arctan2(along[1], along[0])) == pytest.approx(20, abs=3)


def test_a_larger_picture_says_the_same(model: TextDetection) -> None:
    picture = drawn()
    larger = picture.resize((960, 390), PIL.Image.Resampling.BICUBIC)
    found = model.detect(image_of(larger), 0.5)
    expected = model.detect(image_of(picture), 0.5)
    assert [said(shape) for shape in found] == LINES
    for shape, other in zip(found, expected, strict=True):
        assert iou(bounding_box(shape), np.array(bounding_box(other)) * 1.5) >= 0.8


def test_white_on_black_is_text_too(model: TextDetection) -> None:
    inverted = PIL.Image.fromarray(255 - np.asarray(drawn()))
    assert [said(shape) for shape in model.detect(image_of(inverted), 0.5)] == LINES


def test_many_lines_in_several_batches_keep_their_places(model: TextDetection) -> None:
    picture = PIL.Image.new("RGB", (700, 560), "white")
    draw = PIL.ImageDraw.Draw(picture)
    texts = [f"{number} bottles " + "of milk " * (number % 4) for number in range(10, 22)]
    for row, text in enumerate(texts):
        draw.text((30, 20 + 44 * row), text, fill="black", font=PIL.ImageFont.load_default(26))
    found = [said(shape) for shape in model.detect(image_of(picture), 0.5)]
    assert found == [text.strip() for text in texts]


def test_the_threshold_only_leaves_out(
    model: TextDetection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Recognition takes time and is not needed here.
    monkeypatch.setattr(model, "_attribute", None)
    image = photograph("page.png")
    every = model.detect(image, 0.1)
    some = model.detect(image, 0.7)
    assert 0 < len(some) < len(every)
    assert some == [shape for shape in every if (shape.confidence or 0) >= 0.7]


def test_illegible_text_is_a_polygon_without_words(
    model: TextDetection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TextDetection, "legible", 1.01)
    found = model.detect(image_of(drawn()), 0.5)
    assert [shape.attributes for shape in found] == [(), ()]


@pytest.mark.parametrize(
    ("size", "inner"),
    [
        ((384, 191), (960, 480)),
        ((640, 480), (640, 480)),
        ((1900, 1000), (1888, 992)),
        ((8000, 6000), (1984, 1504)),
        ((4000, 40), (1984, 32)),
        ((1, 1), (480, 480)),
        ((1, 32_768), (32, 1984)),
    ],
)
def test_the_finders_input_is_bounded(size: tuple[int, int], inner: tuple[int, int]) -> None:
    fit = fitted(size)
    assert fit.inner[0] % 32 == fit.inner[1] % 32 == 0
    assert np.abs(np.array(fit.inner) - inner).max() <= 32
    assert max(fit.inner) <= 2016


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (700, 2)])
def test_odd_sizes_are_taken(model: TextDetection, size: tuple[int, int]) -> None:
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    assert all(isinstance(s, Polygon) for s in model.detect(Image.from_pixels(pixels), 0.1))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (b"[]", "one label is needed, not 0"),
        (
            b'[{"name":"text","attributes":[{"name":"n","input_type":"checkbox","values":[]}]}]',
            "the first attribute of 'text' must be of type text",
        ),
    ],
)
def test_labels_must_fit(assets: Assets, labels: bytes, message: str) -> None:
    other = msgspec.structs.replace(assets, labels=LabelSet.from_json(labels))
    with pytest.raises(LabelError, match=message):
        TextDetection().load(other, Device())


def test_without_an_attribute_nothing_is_read(
    assets: Assets, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = LabelSet.from_json(b'[{"name":"text","type":"polygon"}]')
    model = TextDetection()
    model.load(msgspec.structs.replace(assets, labels=bare), Device())
    monkeypatch.setattr(model, "_read_cuts", None)
    assert [shape.attributes for shape in model.detect(image_of(drawn()), 0.5)] == [(), ()]


def test_cvats_request_is_answered(assets: Assets) -> None:
    assert assets.model == "text_detection.handler"
    function = Asker(assets)
    items = function.answer(image=image_of(drawn()), threshold=0.5)
    assert [(item["label"], item["type"]) for item in items] == [("text", "polygon")] * 2
    assert [item["attributes"] for item in items] == [
        [{"name": "text", "value": text}] for text in LINES
    ]
    assert function.answer(image=photograph_file("rocket.jpg")) == []
    reply = function.ask(image=photograph_file("rocket.jpg")[:100])
    assert reply.status == 400
    assert list(json.loads(reply.body)) == ["error"]
