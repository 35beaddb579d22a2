"""The detector on photographs, with its real weights."""

import json
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

from coco_instances.handler import CocoInstances
from modelyard import Assets, Device, Image, Mask, bounding_box
from modelyard.imaging import fill
from modelyard.inference.boxes import iou_matrix
from modelyard.inference.testing.pictures import whole
from modelyard.serving.testing.functions import (
    file_of,
    load_function,
    open_assets,
    photograph,
    request,
)
from modelyard.serving.worker.function import Function

Corners = tuple[float, float, float, float]
Look = Callable[[str], list[Mask]]


class Seen(NamedTuple):
    """Ground truth of a photograph.

    The detector's score and box were recorded when its weights first ran, with another
    conversion; `agreement` is the mask box's minimum IoU with it.
    """

    label: str
    score: float
    box: Corners | None
    agreement: float = 0.9


PHOTOGRAPHS = {
    "chelsea.png": [Seen("cat", 0.934, (1, 2, 401, 297), 0.95)],
    "coffee.png": [
        Seen("cup", 0.962, (173, 21, 413, 249), 0.92),
        Seen("dining table", 0.778, None),
    ],
    "astronaut.png": [Seen("person", 0.678, (22, 8, 368, 486))],
    "camera.png": [Seen("person", 0.889, None)],
    "motorcycle_left.png": [Seen("motorcycle", 0.983, (91, 52, 692, 461))],
    "rocket.jpg": [],
}


@pytest.fixture(scope="module")
def assets() -> Assets:
    return open_assets()


@pytest.fixture(scope="module")
def model(assets: Assets) -> CocoInstances:
    model = CocoInstances()
    model.load(assets, Device())
    return model


def iou(first: Corners, second: Corners) -> float:
    return float(iou_matrix(np.array([first]), np.array([second]))[0, 0])


@pytest.fixture(scope="module")
def look(model: CocoInstances) -> Look:
    """The detections on a photograph; each is encoded only once, because that is slow."""
    return cache(lambda name: model.detect(photograph(name), 0.5))


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_what_a_photograph_shows_is_cut_out(look: Look, name: str) -> None:
    image = photograph(name)
    found = look(name)
    seen = PHOTOGRAPHS[name]
    assert [mask.label for mask in found] == [truth.label for truth in seen]
    for mask, truth in zip(found, seen, strict=True):
        assert mask.confidence == pytest.approx(truth.score, abs=0.02)
        if truth.box:
            assert iou(bounding_box(mask), truth.box) >= truth.agreement
        bitmap = whole(mask, image.size)
        assert mask.polygon is not None
        outlined = fill(mask.polygon, image.size)
        # The outline has no holes and only one part.
        assert (outlined & bitmap).sum() / bitmap.sum() > 0.95


def test_the_table_is_without_cup_and_saucer(look: Look) -> None:
    image = photograph("coffee.png")
    found = look("coffee.png")
    cup, table = (whole(mask, image.size) for mask in found)
    inside_cup, on_saucer, wood = (130, 300), (330, 200), (350, 60)
    assert [bool(cup[place]) for place in (inside_cup, on_saucer, wood)] == [True, False, False]
    assert [bool(table[place]) for place in (inside_cup, on_saucer, wood)] == [False, False, True]
    assert iou(bounding_box(found[1]), (0, 0, 600, 400)) >= 0.95


def test_an_image_without_content_has_no_instances(model: CocoInstances) -> None:
    for width, height in ((1, 1), (2000, 3), (3, 2000)):
        image = Image.from_pixels(np.zeros((height, width, 3), np.uint8))
        assert model.detect(image, 0.5) == []


@pytest.fixture(scope="module")
def function(assets: Assets) -> Function:
    """The function, loaded as in a worker."""
    assert assets.model == "coco_instances.handler"
    return load_function(assets)


def test_cvats_request_is_answered(function: Function) -> None:
    reply = function.handle(request(file_of("motorcycle_left.png"), threshold=0.5))
    assert (reply.status, reply.content_type) == (200, "application/json")
    (item,) = json.loads(reply.body)
    assert (item["label"], item["type"]) == ("motorcycle", "mask")
    left, top, right, bottom = item["mask"][-4:]
    assert len(item["mask"]) == (right - left + 1) * (bottom - top + 1) + 4
    assert set(item["mask"][:-4]) == {0, 1}
    assert iou((left, top, right + 1, bottom + 1), (91, 52, 692, 461)) >= 0.9
    assert len(item["points"]) >= 6
    assert max(item["points"]) <= 741


def test_nothing_found_is_an_empty_list(function: Function) -> None:
    reply = function.handle(request(file_of("rocket.jpg")))
    assert (reply.status, json.loads(reply.body)) == (200, [])
