"""The detector from an image to shapes, and through CVAT's request."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from modelyard import Assets, Device, Image, Rectangle
from modelyard.annotation import LabelError
from modelyard.serving.protocol.sample import sample_request
from modelyard.serving.worker.nuclio import open_endpoint
from retinanet_r101.detector import COCO_IDS, MEAN, fitting_size, to_input
from retinanet_r101.handler import RetinaNetR101


@pytest.fixture(scope="module")
def image() -> Image:
    """Smooth noise, 96x60."""
    noise = np.random.default_rng(1).integers(0, 256, (15, 24, 3), np.uint8)
    return Image.from_pixels(np.asarray(PIL.Image.fromarray(noise).resize((96, 60))))


@pytest.fixture(scope="module")
def everything(model: RetinaNetR101, image: Image) -> list[Rectangle]:
    return model.detect(image, 0.05)


@pytest.mark.parametrize(
    ("size", "fitting"),
    [
        ((640, 480), (1067, 800)),
        ((480, 640), (800, 1067)),
        ((800, 800), (800, 800)),
        ((1920, 1080), (1333, 750)),
        ((3000, 500), (1333, 222)),
        ((10000, 1), (1333, 1)),
        ((1, 1), (800, 800)),
    ],
)
def test_sizes_by_hand(size: tuple[int, int], fitting: tuple[int, int]) -> None:
    assert fitting_size(size, 800, 1333) == fitting


def test_the_input_is_bgr_minus_the_mean_and_padded_with_zeros() -> None:
    pixels = np.zeros((33, 5, 3), np.uint8)
    pixels[..., 0] = 200
    canvas = to_input(pixels)
    assert canvas.shape == (1, 3, 64, 32)
    blue, green, red = canvas[0, :, 32, 4].tolist()
    assert (blue, green, red) == pytest.approx((-MEAN[0], -MEAN[1], 200 - MEAN[2]))
    assert not canvas[0, :, 33:].any()
    assert not canvas[0, :, :, 5:].any()


def test_there_are_80_classes_by_cocos_ids() -> None:
    assert len(COCO_IDS) == 80
    assert (COCO_IDS[0], COCO_IDS[11], COCO_IDS[79]) == (1, 13, 90)


def test_objects_are_in_the_image_best_first(everything: list[Rectangle]) -> None:
    assert len(everything) > 5
    scores = [shape.confidence or 0 for shape in everything]
    assert scores == sorted(scores, reverse=True)
    boxes = np.array([shape.box for shape in everything])
    assert (boxes >= 0).all()
    assert (boxes <= (96, 60, 96, 60)).all()
    assert (boxes[:, :2] < boxes[:, 2:]).all()


def test_the_threshold_leaves_the_better_ones_as_they_are(
    model: RetinaNetR101, image: Image, everything: list[Rectangle]
) -> None:
    threshold = everything[len(everything) // 2].confidence or 0
    found = model.detect(image, threshold)
    assert found == [shape for shape in everything if (shape.confidence or 0) >= threshold]
    assert found == model.detect(image, threshold)


def test_boxes_are_brought_back_from_the_networks_pixels(
    model: RetinaNetR101, image: Image, everything: list[Rectangle]
) -> None:
    """60 rows become 128 in the network's input, and 96 columns 205."""
    pixels = np.asarray(PIL.Image.fromarray(image.pixels).resize((205, 128), 2))
    boxes = model.objects(pixels, 0.05).boxes * ((96 / 205, 60 / 128) * 2)
    boxes = np.clip(boxes, 0, (96, 60, 96, 60))
    inside = (boxes[:, :2] < boxes[:, 2:]).all(axis=1)
    np.testing.assert_allclose([shape.box for shape in everything], boxes[inside], rtol=1e-5)


@pytest.mark.usefixtures("model")  # Scales images to a small size.
def test_cvats_request_is_answered(folder: Path) -> None:
    endpoint = open_endpoint({"MODELYARD_ASSETS": str(folder), "MODELYARD_THREADS": "1"})
    body = json.loads(sample_request("detector"))
    reply: list[dict[str, Any]] = json.loads(
        endpoint.answer(json.dumps({**body, "threshold": 0.1}))
    )
    assert reply
    names = {f"coco {number}" for number in COCO_IDS}
    for shape in reply:
        assert shape["type"] == "rectangle"
        assert shape["label"] in names
        assert float(shape["confidence"]) >= 0.1
        left, top, right, bottom = shape["points"]
        assert 0 <= left < right <= 160
        assert 0 <= top < bottom <= 120


@pytest.mark.parametrize("label", [{"name": "x"}, {"name": "x", "id": 12}, {"name": "x", "id": 0}])
def test_labels_need_ids_of_the_networks_classes(
    folder: Path, tmp_path: Path, label: dict[str, Any]
) -> None:
    description = json.loads((folder / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**description, "labels": [label]}))
    with pytest.raises(LabelError, match="label 'x' needs the id of one of COCO's 80 classes"):
        RetinaNetR101().load(Assets.open(tmp_path), Device())
