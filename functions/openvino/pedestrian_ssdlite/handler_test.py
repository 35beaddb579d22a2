"""A real frozen graph, converted as in the build, on scikit-image's photographs."""

import os
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from modelyard import Assets, Device, Image
from modelyard.imaging import decode
from modelyard.inference.boxes import iou_matrix
from pedestrian_ssdlite.handler import PedestrianSsdlite

ASSETS = "MODELYARD_TEST_ASSETS"
# Scores from the graph's first run, at 300x300 and unconverted; outlines measured by hand.
SEEN = {"astronaut.png": (0.92, (22, 17, 362, 512)), "camera.png": (0.992, (0, 65, 331, 512))}
EMPTY = ["chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg"]


@pytest.fixture(scope="module")
def model() -> PedestrianSsdlite:
    folder = os.environ.get(ASSETS)
    if not folder:
        pytest.fail(f"{ASSETS} must name the folder of the assets of pedestrian_ssdlite")
    model = PedestrianSsdlite()
    model.load(Assets.open(Path(folder)), Device())
    return model


def photograph(name: str) -> Image:
    return decode(files("skimage.data").joinpath(name).read_bytes())


@pytest.mark.parametrize("name", SEEN)
def test_a_person_is_found(model: PedestrianSsdlite, name: str) -> None:
    (shape,) = model.detect(photograph(name), 0.5)
    score, outline = SEEN[name]
    assert shape.label == "person"
    assert shape.confidence == pytest.approx(score, abs=0.02)
    assert iou_matrix(np.array([shape.box]), np.array([outline]))[0, 0] >= 0.7


@pytest.mark.parametrize("name", EMPTY)
def test_nobody_is_nobody(model: PedestrianSsdlite, name: str) -> None:
    assert model.detect(photograph(name), 0.5) == []


@pytest.mark.parametrize("factor", [8, 15])
def test_images_of_any_size_are_taken(model: PedestrianSsdlite, factor: int) -> None:
    """Upstream halved large images once, which left an 8K image at 4K."""
    pixels = photograph("camera.png").pixels
    large = pixels.repeat(factor, axis=0).repeat(factor, axis=1)
    (shape,) = model.detect(Image.from_pixels(large), 0.5)
    (small,) = model.detect(photograph("camera.png"), 0.5)
    overlap = iou_matrix(np.array([shape.box]) / factor, np.array([small.box]))
    assert overlap[0, 0] >= 0.9


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (700, 2)])
def test_odd_sizes_are_taken(model: PedestrianSsdlite, size: tuple[int, int]) -> None:
    blank = Image.from_pixels(np.zeros((size[1], size[0], 3), np.uint8))
    for shape in model.detect(blank, 0.01):
        assert 0 <= shape.box[0] <= shape.box[2] <= size[0]
