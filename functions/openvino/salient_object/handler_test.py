"""The detector on photographs, with its real weights."""

import json

import numpy as np
import PIL.Image
import pytest

from modelyard import Assets, Device, Image, Mask
from modelyard.imaging import fill
from modelyard.inference.testing.pictures import whole
from modelyard.serving.testing.functions import (
    file_of,
    load_function,
    open_assets,
    photograph,
    request,
)
from modelyard.serving.worker.function import Function
from salient_object.handler import SalientObject

# The salient fraction of the picture, recorded when the same weights first ran, with another
# program, and inspected in the pictures.
SHARES = {
    "chelsea.png": 0.65,
    "astronaut.png": 0.55,
    "coffee.png": 0.48,
    "camera.png": 0.35,
    "motorcycle_left.png": 0.27,
    "rocket.jpg": 0.02,
}


@pytest.fixture(scope="module")
def assets() -> Assets:
    return open_assets()


@pytest.fixture(scope="module")
def model(assets: Assets) -> SalientObject:
    model = SalientObject()
    model.load(assets, Device())
    return model


def the_one(found: list[Mask], image: Image) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    (mask,) = found
    return whole(mask, image.size)


def overlap(
    first: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    second: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
) -> float:
    return float((first & second).sum() / (first | second).sum())


@pytest.mark.parametrize("name", SHARES)
def test_what_stands_out_is_found(model: SalientObject, name: str) -> None:
    image = photograph(name)
    (mask,) = model.detect(image, 0.5)
    assert mask.bitmap.sum() / (image.width * image.height) == pytest.approx(SHARES[name], abs=0.01)
    assert mask.polygon is not None
    assert overlap(fill(mask.polygon, image.size), whole(mask, image.size)) > 0.9


@pytest.mark.parametrize("value", [0, 127, 255])
def test_nothing_stands_out_of_a_plain_picture(model: SalientObject, value: int) -> None:
    assert model.detect(Image.from_pixels(np.full((50, 80, 3), value, np.uint8)), 0.5) == []


@pytest.mark.parametrize("factor", [0.5, 1.7])
def test_another_resolution_shows_the_same(model: SalientObject, factor: float) -> None:
    image = photograph("coffee.png")
    picture = PIL.Image.fromarray(image.pixels)
    size = (round(image.width * factor), round(image.height * factor))
    other = Image.from_pixels(np.asarray(picture.resize(size, PIL.Image.Resampling.BILINEAR)))
    mask = the_one(model.detect(other, 0.5), other)
    back = np.asarray(PIL.Image.fromarray(mask).resize(image.size, PIL.Image.Resampling.NEAREST))
    assert overlap(back, the_one(model.detect(image, 0.5), image)) > 0.95


def test_a_mirrored_image_gives_the_mirrored_mask(model: SalientObject) -> None:
    image = photograph("coffee.png")
    mirrored = Image.from_pixels(image.pixels[:, ::-1])
    mask = the_one(model.detect(mirrored, 0.5), mirrored)
    assert overlap(mask[:, ::-1], the_one(model.detect(image, 0.5), image)) > 0.95


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (3000, 2)])
def test_odd_sizes_are_taken(model: SalientObject, size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(7).integers(0, 255, (size[1], size[0], 3)).astype(np.uint8)
    for mask in model.detect(Image.from_pixels(pixels), 0.5):
        assert mask.left + mask.bitmap.shape[1] <= size[0]
        assert mask.top + mask.bitmap.shape[0] <= size[1]


@pytest.fixture(scope="module")
def function(assets: Assets) -> Function:
    """The function, loaded as in a worker."""
    assert assets.model == "salient_object.handler"
    return load_function(assets)


def test_cvats_request_is_answered(function: Function) -> None:
    reply = function.handle(request(file_of("rocket.jpg")))
    assert (reply.status, reply.content_type) == (200, "application/json")
    (item,) = json.loads(reply.body)
    assert (item["label"], item["type"]) == ("object", "mask")
    left, top, right, bottom = item["mask"][-4:]
    assert len(item["mask"]) == (right - left + 1) * (bottom - top + 1) + 4
    assert (300 <= left <= 310, 330 <= right <= 345) == (True, True)
    assert item["points"]


def test_a_score_of_certainty_is_asked_too_much(function: Function) -> None:
    reply = function.handle(request(file_of("rocket.jpg"), threshold=1.0))
    assert (reply.status, json.loads(reply.body)) == (200, [])
