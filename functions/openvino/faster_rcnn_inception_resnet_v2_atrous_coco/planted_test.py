"""The detector with a network that has planted outputs."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from faster_rcnn_inception_resnet_v2_atrous_coco.handler import FasterRcnn
from modelyard import Device, Image, Rectangle
from modelyard.imaging import decode
from modelyard.inference.testing.pictures import red
from modelyard.inference.testing.properties import Thing, assert_follows_the_image
from modelyard.inference.testing.tf_detection import Planted, plant_detections
from modelyard.serving.testing.assets import planted_assets

LABELS: list[dict[str, Any]] = [
    {"id": 3, "name": "car"},
    {"id": 90, "name": "toothbrush"},
    {"id": 1, "name": "person"},
]
NAMES = {label["id"]: label["name"] for label in LABELS}
SIZES = [(600, 600), (2000, 100), (100, 2000), (7, 5), (1, 1)]

# In the middle and at each border, extending beyond it; one border is met exactly.
OBJECTS = [
    Planted((0.25, 0.5, 0.75, 0.875), 3, 0.95),
    Planted((-0.125, 0.25, 0.125, 0.5), 1, 0.9),
    Planted((0.75, 0.25, 1.0, 0.5), 1, 0.8),
    Planted((0.25, -0.25, 0.5, 0.25), 90, 0.7),
    Planted((0.25, 0.75, 0.5, 1.125), 90, 0.6),
]


def planted(folder: Path, objects: Sequence[Planted]) -> FasterRcnn:
    name = "faster_rcnn_inception_resnet_v2_atrous_coco"
    plant_detections(folder / "weights" / f"{name}.xml", objects)
    model = FasterRcnn()
    model.load(planted_assets(folder, f"{name}.handler", labels=LABELS), Device())
    return model


@pytest.mark.parametrize("size", SIZES)
def test_objects_are_where_they_were_planted(tmp_path: Path, size: tuple[int, int]) -> None:
    found = planted(tmp_path, OBJECTS).detect(red(size), 0.5)
    assert [shape.label for shape in found] == [NAMES[item.kind] for item in OBJECTS]
    for shape, item in zip(found, OBJECTS, strict=True):
        left, top, right, bottom = (min(max(edge, 0), 1) for edge in item.box)
        assert shape.box == (left * size[0], top * size[1], right * size[0], bottom * size[1])
        assert shape.confidence == pytest.approx(item.score)


def test_the_threshold_holds_and_padding_is_no_object(tmp_path: Path) -> None:
    model = planted(tmp_path, OBJECTS)
    assert len(model.detect(red((30, 20)), 0.0)) == len(OBJECTS)
    assert len(model.detect(red((30, 20)), 0.75)) == 3
    assert model.detect(red((30, 20)), 0.96) == []


def test_the_best_comes_first_whatever_the_order(tmp_path: Path) -> None:
    turned = planted(tmp_path / "a", OBJECTS[::-1]).detect(red((30, 20)), 0.5)
    assert turned == planted(tmp_path / "b", OBJECTS).detect(red((30, 20)), 0.5)


def test_classes_without_a_label_are_not_reported(tmp_path: Path) -> None:
    model = planted(tmp_path, [Planted((0, 0, 1, 1), 12, 0.9), OBJECTS[0]])
    assert [shape.label for shape in model.detect(red((30, 20)), 0.5)] == ["car"]


def look(folder: Path, things: Sequence[Thing], size: tuple[int, int]) -> list[Rectangle]:
    items = [Planted(box, LABELS[kind]["id"], score) for box, kind, score in things]
    return planted(folder, items).detect(red(size), 0.3)


def test_boxes_follow_the_image() -> None:
    assert_follows_the_image(look, kinds=len(LABELS))


def test_the_network_is_shown_rgb(tmp_path: Path) -> None:
    """Upstream fed RGB to a network that was converted for BGR."""
    model = planted(tmp_path, OBJECTS)
    assert model.detect(red((30, 20)), 0.5)
    assert model.detect(Image.from_pixels(red((30, 20)).pixels[..., ::-1]), 0.5) == []


@pytest.mark.parametrize("mode", ["L", "P", "1", "RGBA"])
def test_any_mode_is_taken(tmp_path: Path, mode: str) -> None:
    file = io.BytesIO()
    PIL.Image.new("RGB", (30, 20), "white").convert(mode).save(file, "PNG")
    model = planted(tmp_path, OBJECTS)
    assert len(model.detect(decode(file.getvalue()), 0.5)) == len(OBJECTS)
