"""The interactor on photographs, with its real weights."""

import json
from typing import Any, NamedTuple

import numpy as np
import pytest

from modelyard import Assets, Clicks, Device, Image, OpenVINOSession, Segment, crop
from modelyard.imaging import fill
from modelyard.inference.boxes import iou_matrix
from modelyard.inference.networks.sam_prompts import frame, prompt
from modelyard.serving.testing.functions import (
    file_of,
    load_function,
    open_assets,
    photograph,
    request,
)
from modelyard.serving.worker.function import Function
from sam.handler import Sam

Corners = tuple[float, float, float, float]


class Click(NamedTuple):
    """A click and the fraction of the picture that its mask covers.

    Recorded when the same weights first ran, with another program.
    """

    picture: str
    point: tuple[float, float]
    share: float


CLICKS = [
    Click("chelsea.png", (220, 120), 0.743),
    Click("astronaut.png", (230, 120), 0.409),
    Click("coffee.png", (300, 200), 0.471),
    Click("motorcycle_left.png", (370, 300), 0.041),
]


class Boxed(NamedTuple):
    """A detector's box, and an outline measured by hand in the photograph."""

    picture: str
    box: Corners
    outline: Corners


BOXES = [
    Boxed("astronaut.png", (22, 8, 368, 486), (22, 17, 362, 512)),
    Boxed("coffee.png", (173, 21, 413, 249), (173, 17, 424, 252)),
    Boxed("motorcycle_left.png", (91, 52, 692, 461), (92, 38, 684, 450)),
]


@pytest.fixture(scope="module")
def assets() -> Assets:
    return open_assets()


@pytest.fixture(scope="module")
def model(assets: Assets) -> Sam:
    model = Sam()
    model.load(assets, Device())
    return model


def extent(segment: Segment) -> Corners:
    part = crop(segment.mask)
    assert part is not None
    height, width = part.bitmap.shape
    return part.left, part.top, part.left + width, part.top + height


def iou(first: Corners, second: Corners) -> float:
    return float(iou_matrix(np.array([first]), np.array([second]))[0, 0])


def overlap(first: Any, second: Any) -> float:
    """Intersection over union of two masks."""
    return float((first & second).sum() / (first | second).sum())


@pytest.mark.parametrize("click", CLICKS, ids=lambda click: click.picture)
def test_a_click_covers_what_it_should(model: Sam, click: Click) -> None:
    image = photograph(click.picture)
    segment = model.segment(image, Clicks(positive=(click.point,)))
    assert segment.mask.shape == (image.height, image.width)
    assert segment.mask.mean() == pytest.approx(click.share, abs=0.02)
    x, y = click.point
    assert segment.mask[int(y), int(x)]
    assert segment.polygon is not None
    # The outline omits holes and unclicked parts, and is smoothed.
    assert overlap(fill(segment.polygon, image.size), segment.mask) > 0.9


def test_negative_clicks_take_away(model: Sam) -> None:
    image = photograph("coffee.png")
    clicks = Clicks(positive=((300, 120),), negative=((130, 280), (450, 300)))
    mask = model.segment(image, clicks).mask
    # What is left is the coffee in the cup.
    assert mask.mean() == pytest.approx(0.052, abs=0.01)
    assert not mask[280, 130]
    assert not mask[300, 450]


@pytest.mark.parametrize("boxed", BOXES, ids=lambda boxed: boxed.picture)
def test_a_box_gives_the_object_in_it(model: Sam, boxed: Boxed) -> None:
    segment = model.segment(photograph(boxed.picture), Clicks(box=boxed.box))
    assert iou(extent(segment), boxed.box) >= 0.88
    assert iou(extent(segment), boxed.outline) >= 0.88


def test_the_mask_is_what_the_network_itself_would_make_of_it(model: Sam, assets: Assets) -> None:
    image = photograph("coffee.png")
    clicks = Clicks(positive=((300, 200),))
    mask = model.segment(image, clicks).mask
    fit = frame(image.size)
    made = prompt(fit, clicks.positive)
    whole = OpenVINOSession(assets.weights("sam_decoder.onnx"), device=Device()).infer(
        {
            "image_embeddings": model._encoder.embed(image, fit),
            "point_coords": made.coordinates,
            "point_labels": made.meanings,
            "mask_input": np.zeros((1, 1, 256, 256), np.float32),
            "has_mask_input": np.zeros(1, np.float32),
            "orig_im_size": np.array([image.height, image.width], np.float32),
        }
    )
    own = whole["masks"][0, 0] > 0
    assert own.mean() > 0.4
    assert overlap(mask, own) > 0.9999


def test_another_resolution_gives_the_same_object(model: Sam) -> None:
    image = photograph("coffee.png")
    doubled = Image.from_pixels(image.pixels.repeat(2, axis=0).repeat(2, axis=1))
    small = model.segment(image, Clicks(positive=((300, 200),))).mask
    large = model.segment(doubled, Clicks(positive=((600, 400),))).mask
    assert overlap(large, small.repeat(2, axis=0).repeat(2, axis=1)) > 0.95


def test_a_mirrored_image_gives_the_mirrored_object(model: Sam) -> None:
    image = photograph("coffee.png")
    mirrored = Image.from_pixels(image.pixels[:, ::-1])
    mask = model.segment(image, Clicks(positive=((300, 200),))).mask
    other = model.segment(mirrored, Clicks(positive=((image.width - 300, 200),))).mask
    assert overlap(other[:, ::-1], mask) > 0.95


@pytest.mark.parametrize("size", [(1, 1), (3, 2000)])
def test_odd_sizes_are_taken(model: Sam, size: tuple[int, int]) -> None:
    width, height = size
    image = Image.from_pixels(np.zeros((height, width, 3), np.uint8))
    segment = model.segment(image, Clicks(positive=((width / 2, height / 2),)))
    assert segment.mask.shape == (height, width)


@pytest.fixture(scope="module")
def function(assets: Assets) -> Function:
    """The function, loaded as in a worker."""
    assert assets.model == "sam.handler"
    return load_function(assets)


def test_cvats_request_is_answered(function: Function) -> None:
    event = request(
        file_of("astronaut.png"),
        pos_points=[[230, 120]],
        neg_points=[[450, 400]],
        obj_bbox=[[368, 486], [22, 8]],
    )
    reply = function.handle(event)
    assert (reply.status, reply.content_type) == (200, "application/json")
    answer = json.loads(reply.body)
    mask = np.array(answer["mask"])
    assert mask.shape == (512, 512)
    assert set(np.unique(mask)) == {0, 1}
    assert mask.mean() == pytest.approx(0.40, abs=0.03)
    assert overlap(fill(answer["points"], (512, 512)), mask.astype(bool)) > 0.95


def test_a_request_without_a_prompt_is_the_clients_fault(function: Function) -> None:
    reply = function.handle(request(file_of("coffee.png"), pos_points=[], neg_points=[]))
    assert reply.status == 400
    assert json.loads(reply.body) == {"error": "click on the object, or draw a box around it"}
