"""The detector with networks that have planted outputs."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openvino import opset13 as op

from face_detection_0205.handler import FaceDetection
from modelyard import Device, Image, LabelSet, Rectangle
from modelyard.annotation import encode_detections
from modelyard.inference.testing.networks import plant
from modelyard.inference.testing.pictures import plain
from modelyard.inference.testing.properties import Thing, assert_follows_the_image
from modelyard.serving.testing.assets import planted_assets

LABELS = [
    {
        "id": 0,
        "name": "face",
        "type": "rectangle",
        "attributes": [
            {"name": "age", "input_type": "number", "values": ["0", "150", "1"]},
            {"name": "gender", "input_type": "select", "values": ["female", "male"]},
            {
                "name": "emotion",
                "input_type": "select",
                "values": ["neutral", "happy", "sad", "surprise", "anger"],
            },
        ],
    }
]
SIZES = [(416, 416), (832, 104), (104, 832), (26, 13)]
# Left, top, right, bottom in the network's pixels, and the score: in the middle, then at each
# border, extending beyond it.
FACES = [
    (104, 208, 312, 364, 0.95),
    (-52, 104, 52, 208, 0.9),
    (364, 104, 416, 208, 0.8),
    (104, -104, 208, 104, 0.7),
    (104, 364, 208, 468, 0.6),
]


def brightest(pixels: Any) -> Any:
    """Mean of each channel, [1, 3, 1, 1] 0..1 in the order of the network's input."""
    mean = op.reduce_mean(pixels, op.constant(np.array([2, 3])), keep_dims=True)
    return op.divide(mean, op.constant(np.float32(255)))


def age_of_blue(pixels: Any) -> Any:
    return op.gather(brightest(pixels), op.constant(np.array([0])), op.constant(1))


def gender_of_red(pixels: Any) -> Any:
    """Female, male: the second wins if red is brighter than blue."""
    return op.gather(brightest(pixels), op.constant(np.array([0, 2])), op.constant(1))


def emotion_of_channel(pixels: Any) -> Any:
    """Happy for blue, sad for green, surprise for red, in the order BGR."""
    nothing = op.constant(np.full((1, 1, 1, 1), 0.01, np.float32))
    return op.concat([nothing, brightest(pixels), nothing], 1)


def planted(
    folder: Path, faces: Sequence[Sequence[float]], age: Any = age_of_blue
) -> FaceDetection:
    boxes = np.zeros((200, 5), np.float32)
    boxes[: len(faces)] = faces
    networks: dict[str, tuple[int, dict[str, Any]]] = {
        "face-detection-0205": (416, {"boxes": boxes, "labels": np.zeros(200, np.int64)}),
        "age-gender-recognition-retail-0013": (62, {"fc3_a": age, "prob": gender_of_red}),
        "emotions-recognition-retail-0003": (64, {"prob_emotion": emotion_of_channel}),
    }
    for name, (side, outputs) in networks.items():
        inputs = {"data": ((1, 3, side, side), np.float32)}
        plant(folder / "weights" / f"{name}.xml", inputs, outputs)
    model = FaceDetection()
    model.load(planted_assets(folder, "face_detection_0205.handler", labels=LABELS), Device())
    return model


def attributes(shape: Rectangle) -> dict[str, str]:
    return {item.name: item.value for item in shape.attributes}


@pytest.mark.parametrize("size", SIZES)
def test_faces_are_where_they_were_planted(tmp_path: Path, size: tuple[int, int]) -> None:
    found = planted(tmp_path, FACES).detect(plain(size), 0.5)
    assert len(found) == len(FACES)
    for shape, (*edges, score) in zip(found, FACES, strict=True):
        left, top, right, bottom = (min(max(edge, 0), 416) / 416 for edge in edges)
        expected = (left * size[0], top * size[1], right * size[0], bottom * size[1])
        np.testing.assert_allclose(shape.box, expected, atol=1e-9)
        assert shape.confidence == pytest.approx(score)
    assert len(json.loads(encode_detections(found, LabelSet.from_json(LABELS), size))) == len(FACES)


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ((255, 0, 0), {"age": "0", "gender": "male", "emotion": "surprise"}),
        ((0, 255, 0), {"age": "0", "gender": "female", "emotion": "sad"}),
        ((0, 0, 102), {"age": "40", "gender": "female", "emotion": "happy"}),
    ],
)
def test_attributes_are_those_of_the_faces_own_pixels(
    tmp_path: Path, colour: tuple[int, int, int], expected: dict[str, str]
) -> None:
    """The networks get BGR: upstream fed them RGB."""
    pixels = np.full((416, 416, 3), 255, np.uint8)
    pixels[208:364, 104:312] = colour
    (shape,) = planted(tmp_path, FACES[:1]).detect(Image.from_pixels(pixels), 0.5)
    assert attributes(shape) == expected


@pytest.mark.parametrize(
    ("value", "age"), [(0.29, "29"), (0.2851, "29"), (-0.02, "0"), (1.7, "150"), (0.0, "0")]
)
def test_an_age_is_a_number_that_cvat_takes(tmp_path: Path, value: float, age: str) -> None:
    answer = np.full((1, 1, 1, 1), value, np.float32)
    (shape,) = planted(tmp_path, FACES[:1], answer).detect(plain((40, 40)), 0.5)
    assert attributes(shape)["age"] == age


@pytest.mark.parametrize(
    "edges", [(-90, 10, -10, 90), (10, 430, 90, 500), (50, 50, 50, 90), (90, 50, 50, 90)]
)
def test_a_face_without_pixels_is_none(tmp_path: Path, edges: tuple[float, ...]) -> None:
    """Upstream's second network got an empty crop and raised."""
    found = planted(tmp_path, [(*edges, 0.9), FACES[0]]).detect(plain((100, 80)), 0.5)
    assert len(found) == 1


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 2)])
def test_faces_smaller_than_a_pixel_are_looked_at(tmp_path: Path, size: tuple[int, int]) -> None:
    assert len(planted(tmp_path, FACES).detect(plain(size), 0.5)) == len(FACES)


def test_the_threshold_holds_and_the_order_changes_nothing(tmp_path: Path) -> None:
    model, turned = planted(tmp_path / "a", FACES), planted(tmp_path / "b", FACES[::-1])
    image = plain((100, 80))
    assert len(model.detect(image, 0.75)) == 3
    assert turned.detect(image, 0.5) == model.detect(image, 0.5)


def look(folder: Path, things: Sequence[Thing], size: tuple[int, int]) -> list[Rectangle]:
    faces = [[*(edge * 416 for edge in box), score] for box, _, score in things]
    return planted(folder, faces).detect(plain(size), 0.3)


def test_boxes_follow_the_image() -> None:
    assert_follows_the_image(look, kinds=1)


def test_a_mirrored_image_gives_mirrored_faces(tmp_path: Path) -> None:
    mirrored = [(416 - right, top, 416 - left, bottom, s) for left, top, right, bottom, s in FACES]
    pixels = np.zeros((416, 416, 3), np.uint8)
    pixels[:, :208] = (0, 0, 255)
    found = planted(tmp_path / "a", mirrored).detect(Image.from_pixels(pixels[:, ::-1]), 0.5)
    for shape, other in zip(
        found, planted(tmp_path / "b", FACES).detect(Image.from_pixels(pixels), 0.5), strict=True
    ):
        left, top, right, bottom = other.box
        assert shape.box == (416 - right, top, 416 - left, bottom)
        assert attributes(shape) == attributes(other)
