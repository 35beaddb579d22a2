"""The detector on photographs, with its real weights."""

import io
import json
from typing import NamedTuple

import numpy as np
import PIL.Image
import pytest

from coco_ssd.handler import CocoSsd
from modelyard import Assets, Device, Image, Rectangle
from modelyard.imaging import decode
from modelyard.inference.boxes import iou_matrix
from modelyard.serving.testing.functions import (
    file_of,
    load_function,
    open_assets,
    photograph,
    request,
)
from modelyard.serving.worker.function import Function

Corners = tuple[float, float, float, float]


class Seen(NamedTuple):
    """Ground truth of a photograph.

    `outline` was measured by hand in the photograph. `score` and `box` were recorded when the same
    weights first ran, with another conversion (box None: not recorded).
    """

    label: str
    outline: Corners
    score: float
    box: Corners | None = None


PHOTOGRAPHS = {
    "chelsea.png": [Seen("cat", (0, 0, 397, 300), 0.934, (1, 2, 401, 297))],
    "coffee.png": [
        Seen("cup", (173, 17, 410, 310), 0.962, (173, 21, 413, 249)),
        Seen("dining table", (0, 0, 600, 400), 0.778),
    ],
    "astronaut.png": [Seen("person", (22, 17, 362, 512), 0.678, (22, 8, 368, 486))],
    "camera.png": [Seen("person", (0, 65, 331, 512), 0.889)],
    "motorcycle_left.png": [Seen("motorcycle", (92, 38, 684, 450), 0.983, (91, 52, 692, 461))],
    "rocket.jpg": [],
}
SHOWING_SOMETHING = [name for name, seen in PHOTOGRAPHS.items() if seen]


@pytest.fixture(scope="module")
def assets() -> Assets:
    return open_assets()


@pytest.fixture(scope="module")
def model(assets: Assets) -> CocoSsd:
    model = CocoSsd()
    model.load(assets, Device())
    return model


def iou(first: Corners, second: Corners) -> float:
    return float(iou_matrix(np.array([first]), np.array([second]))[0, 0])


def assert_alike(found: list[Rectangle], expected: list[Rectangle], least: float) -> None:
    """The same labels in the same order, with boxes of at least `least` IoU."""
    assert [shape.label for shape in found] == [shape.label for shape in expected]
    for shape, other in zip(found, expected, strict=True):
        assert iou(shape.box, other.box) >= least, shape.label


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_what_a_photograph_shows_is_found_and_nothing_else(model: CocoSsd, name: str) -> None:
    found = model.detect(photograph(name), 0.5)
    seen = PHOTOGRAPHS[name]
    assert [shape.label for shape in found] == [truth.label for truth in seen]
    for shape, truth in zip(found, seen, strict=True):
        assert shape.confidence == pytest.approx(truth.score, abs=0.02)
        assert iou(shape.box, truth.outline) >= 0.7
        if truth.box:
            assert iou(shape.box, truth.box) >= 0.9


def as_png(picture: PIL.Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def as_tiff(picture: PIL.Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "TIFF")
    return file.getvalue()


def in_mode(picture: PIL.Image.Image, mode: str) -> bytes:
    """An image file that Pillow opens in this mode."""
    match mode:
        case "I;16":
            grey = np.asarray(picture.convert("L")).astype(np.uint16) * 257
            return as_png(PIL.Image.fromarray(grey))
        case "CMYK":
            return as_tiff(picture.convert("CMYK"))
        case "RGBA":
            alpha = PIL.Image.linear_gradient("L").resize(picture.size)
            picture = picture.copy()
            picture.putalpha(alpha)
            return as_png(picture)
        case _:
            return as_png(picture.convert("RGB").convert(mode))


@pytest.mark.parametrize("name", ["chelsea.png", "astronaut.png", "motorcycle_left.png"])
@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_the_same_object_is_found_in_every_mode(model: CocoSsd, name: str, mode: str) -> None:
    data = in_mode(PIL.Image.open(io.BytesIO(file_of(name))), mode)
    assert PIL.Image.open(io.BytesIO(data)).mode == mode
    assert_alike(model.detect(decode(data), 0.5), model.detect(photograph(name), 0.5), 0.85)


@pytest.mark.parametrize(("rows", "columns"), [(1, 2), (2, 1), (2, 2), (3, 1), (2, 3)])
def test_boxes_scale_with_the_image(model: CocoSsd, rows: int, columns: int) -> None:
    # Repeated pixels, scaled down to the network's input, give exactly the same input.
    pixels = photograph("astronaut.png").pixels[:300, 100:400]
    repeated = np.repeat(np.repeat(pixels, rows, axis=0), columns, axis=1)
    found = model.detect(Image.from_pixels(repeated), 0.3)
    expected = model.detect(Image.from_pixels(pixels), 0.3)
    assert expected
    assert [shape.label for shape in found] == [shape.label for shape in expected]
    for shape, original in zip(found, expected, strict=True):
        assert shape.confidence == original.confidence
        scaled = np.array(original.box) * [columns, rows, columns, rows]
        np.testing.assert_allclose(shape.box, scaled, rtol=1e-5)


@pytest.mark.parametrize("name", SHOWING_SOMETHING)
@pytest.mark.parametrize("factor", [0.6, 1.7])
def test_another_resolution_shows_the_same(model: CocoSsd, name: str, factor: float) -> None:
    picture = PIL.Image.fromarray(photograph(name).pixels)
    width, height = (round(side * factor) for side in picture.size)
    resized = np.asarray(picture.resize((width, height), PIL.Image.Resampling.BILINEAR))
    scale = np.array([width, height, width, height]) / np.tile(picture.size, 2)
    expected = [
        Rectangle(shape.label, np.array(shape.box) * scale)
        for shape in model.detect(photograph(name), 0.5)
    ]
    assert_alike(model.detect(Image.from_pixels(resized), 0.5), expected, 0.85)


@pytest.mark.parametrize("name", SHOWING_SOMETHING)
def test_a_mirrored_image_gives_mirrored_boxes(model: CocoSsd, name: str) -> None:
    image = photograph(name)
    expected = [
        Rectangle(shape.label, (image.width - right, top, image.width - left, bottom))
        for shape in model.detect(image, 0.5)
        for left, top, right, bottom in [shape.box]
    ]
    mirrored = Image.from_pixels(image.pixels[:, ::-1])
    # The network is not symmetric: a convolution with stride 2 starts at the left.
    assert_alike(model.detect(mirrored, 0.4), expected, 0.8)


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.7, 0.95, 1.0])
def test_the_threshold_leaves_the_better_ones_as_they_are(model: CocoSsd, threshold: float) -> None:
    image = photograph("coffee.png")
    every = model.detect(image, 0.05)
    assert len(every) > len(PHOTOGRAPHS["coffee.png"])
    above = [shape for shape in every if (shape.confidence or 0) >= threshold]
    assert model.detect(image, threshold) == above


def test_at_threshold_zero_the_number_is_bounded_and_the_best_come_first(model: CocoSsd) -> None:
    image = photograph("motorcycle_left.png")
    found = model.detect(image, 0.0)
    assert len(found) == 100
    scores = [shape.confidence or 0 for shape in found]
    assert scores == sorted(scores, reverse=True)
    assert found[0].label == "motorcycle"


def test_boxes_of_a_label_do_not_repeat_an_object_and_stay_in_the_image(model: CocoSsd) -> None:
    image = photograph("coffee.png")
    found = model.detect(image, 0.02)
    boxes = np.array([shape.box for shape in found])
    labels = np.array([shape.label for shape in found])
    same = (labels[:, None] == labels[None]) & ~np.eye(len(found), dtype=bool)
    assert iou_matrix(boxes, boxes)[same].max() <= 0.6
    assert boxes.min() >= 0
    assert (boxes[:, 2:] <= image.size).all()
    assert (boxes[:, :2] < boxes[:, 2:]).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (700, 2), (5000, 40)])
def test_odd_sizes_are_taken(model: CocoSsd, size: tuple[int, int]) -> None:
    width, height = size
    pixels = np.zeros((height, width, 3), np.uint8)
    for shape in model.detect(Image.from_pixels(pixels), 0.1):
        assert 0 <= shape.box[0] <= shape.box[2] <= width
        assert 0 <= shape.box[1] <= shape.box[3] <= height


@pytest.fixture(scope="module")
def function(assets: Assets) -> Function:
    """The function, loaded as in a worker."""
    assert assets.model == "coco_ssd.handler"
    return load_function(assets)


def test_cvats_request_is_answered(function: Function) -> None:
    reply = function.handle(request(file_of("coffee.png"), threshold=0.5))
    assert (reply.status, reply.content_type) == (200, "application/json")
    cup, table = json.loads(reply.body)
    assert (cup["label"], cup["type"]) == ("cup", "rectangle")
    assert iou(tuple(cup["points"]), (173, 21, 413, 249)) >= 0.9
    assert cup["confidence"] == pytest.approx(0.962, abs=0.02)
    assert table["label"] == "dining table"


def test_nothing_found_is_an_empty_list(function: Function) -> None:
    reply = function.handle(request(file_of("rocket.jpg")))
    assert (reply.status, json.loads(reply.body)) == (200, [])


def test_an_image_cut_short_is_answered_and_one_without_pixels_refused(
    function: Function,
) -> None:
    assert function.handle(request(file_of("rocket.jpg")[:5000])).status == 200
    reply = function.handle(request(file_of("rocket.jpg")[:100]))
    assert reply.status == 400
    assert list(json.loads(reply.body)) == ["error"]
    assert function.handle(request(file_of("chelsea.png"))).status == 200
