"""The detector with planted outputs; `pedestrian_ssdlite` runs a real network."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from openvino import opset13 as op

from modelyard import Device, Image, Rectangle
from modelyard.imaging import decode
from modelyard.inference.testing.networks import plant
from modelyard.inference.testing.pictures import red
from modelyard.inference.testing.properties import Thing, assert_follows_the_image
from modelyard.inference.testing.tf_detection import Planted, plant_detections
from modelyard.serving.testing.assets import planted_assets
from tf_faster_rcnn_inception_v2_coco.handler import TfFasterRcnn

LABELS: list[dict[str, Any]] = [{"id": 44, "name": "bottle"}, {"id": 1, "name": "person"}]
OBJECTS = [
    Planted((0.25, 0.5, 0.75, 0.875), 44, 0.95),
    Planted((-0.125, 0.25, 0.125, 0.5), 1, 0.9),
    Planted((0.75, 0.25, 1.0, 0.5), 1, 0.8),
    Planted((0.25, -0.25, 0.5, 0.25), 1, 0.7),
    Planted((0.25, 0.75, 0.5, 1.125), 44, 0.6),
]


def loaded(folder: Path) -> TfFasterRcnn:
    model = TfFasterRcnn()
    model.load(planted_assets(folder, model.__module__, labels=LABELS), Device())
    return model


@pytest.mark.parametrize("size", [(512, 512), (2400, 100), (100, 2400), (8000, 4000), (1, 1)])
def test_objects_are_where_they_were_planted(tmp_path: Path, size: tuple[int, int]) -> None:
    """In pixels of the original image, however it was scaled for the network."""
    plant_detections(tmp_path / "weights" / TfFasterRcnn.weights, OBJECTS)
    model = loaded(tmp_path)
    found = model.detect(red(size), 0.5)
    assert [shape.label for shape in found] == ["bottle", "person", "person", "person", "bottle"]
    for shape, item in zip(found, OBJECTS, strict=True):
        left, top, right, bottom = (min(max(edge, 0), 1) for edge in item.box)
        assert shape.box == (left * size[0], top * size[1], right * size[0], bottom * size[1])
    assert len(model.detect(red(size), 0.75)) == 3
    assert model.detect(Image.from_pixels(red(size).pixels[..., ::-1]), 0.5) == []


def look(folder: Path, things: Sequence[Thing], size: tuple[int, int]) -> list[Rectangle]:
    items = [Planted(box, LABELS[kind]["id"], score) for box, kind, score in things]
    plant_detections(folder / "weights" / TfFasterRcnn.weights, items)
    return loaded(folder).detect(red(size), 0.3)


def test_boxes_follow_the_image_also_where_it_is_scaled_down() -> None:
    assert_follows_the_image(look, kinds=len(LABELS), size=(1000, 900))


@pytest.mark.parametrize("mode", ["L", "P", "1", "RGBA"])
def test_any_mode_is_taken(tmp_path: Path, mode: str) -> None:
    """Upstream's list of pixels failed on grey images."""
    file = io.BytesIO()
    PIL.Image.new("RGB", (30, 20), "white").convert(mode).save(file, "PNG")
    plant_detections(tmp_path / "weights" / TfFasterRcnn.weights, OBJECTS)
    assert len(loaded(tmp_path).detect(decode(file.getvalue()), 0.5)) == len(OBJECTS)


def measuring(folder: Path) -> TfFasterRcnn:
    """A detector whose single box ends at width / 10000, height / 10000 of its input."""

    def box(pixels: Any) -> Any:
        shape = op.convert(op.shape_of(pixels), "f32")
        sides = op.gather(shape, op.constant(np.array([1, 2])), op.constant(0))
        scaled = op.divide(sides, op.constant(np.float32(10_000)))
        corners = op.concat([op.constant(np.zeros(2, np.float32)), scaled], 0)
        return op.reshape(corners, op.constant(np.array([1, 1, 4])), False)

    answers: dict[str, Any] = {
        "detection_boxes:0": box,
        "detection_classes:0": np.ones((1, 1), np.float32),
        "detection_scores:0": np.ones((1, 1), np.float32),
        "num_detections:0": np.ones(1, np.float32),
    }
    inputs = {"image_tensor:0": ((-1, -1, -1, 3), np.uint8)}
    plant(folder / "weights" / TfFasterRcnn.weights, inputs, answers)
    return loaded(folder)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((640, 480), (640, 480)),
        ((1920, 1080), (1920, 1080)),
        ((3840, 1080), (1920, 540)),
        ((7680, 4320), (1920, 1080)),
        ((1000, 4320), (250, 1080)),
    ],
)
def test_large_images_are_scaled_down_far_enough(
    tmp_path: Path, size: tuple[int, int], shown: tuple[int, int]
) -> None:
    """Upstream halved once, whatever the size."""
    (shape,) = measuring(tmp_path).detect(red(size), 0.5)
    seen = np.array(shape.box[2:]) / size * 10_000
    np.testing.assert_allclose(seen, shown, atol=0.01)
