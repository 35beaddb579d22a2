"""The detector with a network that has planted outputs."""

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
from modelyard.inference.testing.pictures import plain
from modelyard.inference.testing.properties import Thing, assert_follows_the_image
from modelyard.inference.testing.yolo import Planted, heads
from modelyard.serving.testing.assets import planted_assets
from yolo_v3_tf.handler import _HEADS, YoloV3

GRIDS = (13, 26, 52)
LABELS: list[dict[str, Any]] = [
    {"id": 0, "name": "person"},
    {"id": 17, "name": "horse"},
    {"id": 79, "name": "brush"},
]
NAMES = {label["id"]: label["name"] for label in LABELS}
SIZES = [(416, 416), (1000, 200), (200, 1000), (7, 5), (1, 1)]
INPUT = {"input_1:0": ((1, 416, 416, 3), np.float32)}

# In the middle and at each border, extending beyond it.
OBJECTS = [
    Planted((0.41, 0.43, 0.60, 0.62), 17, 0.95, 0.9),
    Planted((-0.05, 0.31, 0.12, 0.50), 0, 0.9, 0.9),
    Planted((0.88, 0.32, 1.07, 0.51), 0, 0.85, 0.9),
    Planted((0.33, -0.04, 0.52, 0.11), 79, 0.8, 0.9),
    Planted((0.34, 0.87, 0.53, 1.02), 79, 0.75, 0.9),
]


def channels_last(head: Any) -> Any:
    return np.ascontiguousarray(head.transpose(1, 2, 0)[None])


def model_of(folder: Path, answers: Sequence[Any], labels: Any = LABELS) -> YoloV3:
    outputs = dict(zip(_HEADS, answers, strict=True))
    plant(folder / "weights" / "yolo_v3_tf.xml", INPUT, outputs)
    model = YoloV3()
    model.load(planted_assets(folder, "yolo_v3_tf.handler", labels=labels), Device())
    return model


def planted(folder: Path, objects: Sequence[Planted], labels: Any = LABELS) -> YoloV3:
    answers = heads(objects, GRIDS, list(_HEADS.values()), 416, 80)
    return model_of(folder, [channels_last(head) for head in answers], labels)


def pixels_of(item: Planted, size: tuple[int, int]) -> list[float]:
    left, top, right, bottom = (min(max(edge, 0), 1) for edge in item.box)
    return [left * size[0], top * size[1], right * size[0], bottom * size[1]]


@pytest.mark.parametrize("size", SIZES)
def test_objects_are_where_they_were_planted(tmp_path: Path, size: tuple[int, int]) -> None:
    found = planted(tmp_path, OBJECTS).detect(plain(size), 0.5)
    # Each is in three heads; one detection remains.
    assert [shape.label for shape in found] == [NAMES[item.kind] for item in OBJECTS]
    for shape, item in zip(found, OBJECTS, strict=True):
        assert shape.confidence == pytest.approx(item.objectness * item.probability, abs=1e-4)
        np.testing.assert_allclose(shape.box, pixels_of(item, size), atol=max(size) * 1e-5)


def test_a_rider_does_not_hide_the_horse(tmp_path: Path) -> None:
    """Upstream suppressed boxes regardless of class."""
    box = (0.41, 0.43, 0.60, 0.62)
    found = planted(tmp_path, [Planted(box, 0, 0.9, 0.9), Planted(box, 17, 0.8, 0.9)])
    assert [shape.label for shape in found.detect(plain((300, 200)), 0.5)] == ["person", "horse"]


def test_of_two_boxes_of_a_class_on_one_object_the_better_stays(tmp_path: Path) -> None:
    first = Planted((0.41, 0.43, 0.60, 0.62), 0, 0.8, 0.9)
    model = planted(tmp_path, [first, first._replace(objectness=0.9), OBJECTS[2]])
    found = model.detect(plain((300, 200)), 0.5)
    assert [round(shape.confidence or 0, 3) for shape in found] == [0.81, 0.765]


def test_the_threshold_is_that_of_the_product(tmp_path: Path) -> None:
    model = planted(tmp_path, OBJECTS)
    assert len(model.detect(plain((300, 200)), 0.8)) == 2
    assert len(model.detect(plain((300, 200)), 0.86)) == 0


def test_at_threshold_zero_the_number_is_bounded(tmp_path: Path) -> None:
    model = planted(tmp_path, OBJECTS, [{"id": n, "name": f"class {n}"} for n in range(80)])
    found = model.detect(plain((300, 200)), 0.0)
    assert len(found) == model.limit
    assert [shape.label for shape in found[:5]] == [f"class {item.kind}" for item in OBJECTS]


def test_classes_without_a_label_are_not_reported(tmp_path: Path) -> None:
    model = planted(tmp_path, OBJECTS, LABELS[:1])
    assert {shape.label for shape in model.detect(plain((300, 200)), 0.5)} == {"person"}


def look(folder: Path, things: Sequence[Thing], size: tuple[int, int]) -> list[Rectangle]:
    items = [Planted(box, LABELS[kind]["id"], score, 0.99) for box, kind, score in things]
    return planted(folder, items).detect(plain(size), 0.3)


def test_boxes_follow_the_image() -> None:
    assert_follows_the_image(look, kinds=len(LABELS), examples=3)


def seeing_red(folder: Path) -> YoloV3:
    """A detector that finds one person if the image is red: the network gets RGB in 0..1."""
    answers = []
    for head in heads(OBJECTS[:1], GRIDS, list(_HEADS.values()), 416, 80):
        static = channels_last(head)
        flag = np.zeros_like(static)
        flag[..., 4::85] = 100

        def answer(pixels: Any, static: Any = static, flag: Any = flag) -> Any:
            mean = op.reduce_mean(pixels, op.constant(np.array([1, 2])), keep_dims=True)
            weights = op.constant(np.array([1, -1, -1], np.float32).reshape(1, 1, 1, 3))
            redness = op.reduce_sum(op.multiply(mean, weights), op.constant(np.array([3])), True)
            missing = op.subtract(redness, op.constant(np.float32(1)))
            return op.add(op.constant(static), op.multiply(op.constant(flag), missing))

        answers.append(answer)
    return model_of(folder, answers)


def test_the_network_is_shown_rgb(tmp_path: Path) -> None:
    """Upstream fed RGB to a network that expected BGR."""
    model = seeing_red(tmp_path)
    red = np.zeros((40, 30, 3), np.uint8)
    red[..., 0] = 255
    assert len(model.detect(Image.from_pixels(red), 0.5)) == 1
    assert model.detect(Image.from_pixels(red[..., ::-1]), 0.5) == []


@pytest.mark.parametrize("mode", ["L", "P", "1", "RGBA"])
def test_any_mode_is_taken(tmp_path: Path, mode: str) -> None:
    """Upstream's loader broke on grey and palette images."""
    file = io.BytesIO()
    PIL.Image.new("RGB", (30, 20), "white").convert(mode).save(file, "PNG")
    assert len(planted(tmp_path, OBJECTS).detect(decode(file.getvalue()), 0.5)) == len(OBJECTS)
