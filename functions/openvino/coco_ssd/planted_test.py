"""The detector around a network whose answer is known: one that ignores the image."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest
from openvino import opset13

from coco_ssd.handler import CocoSsd, LabelsError
from imaging import Image
from inference.device import Device
from serving.assets import Assets

IMAGE = Image.from_pixels(np.zeros((200, 400, 3), np.uint8))
LABELS = [{"id": 3, "name": "car"}, {"id": 90, "name": "toothbrush"}, {"id": 1, "name": "person"}]

# Fractions: top, left, bottom, right. The second lies on the first, the third beside them.
BOXES = [(0.1, 0.2, 0.5, 0.4), (0.1, 0.2, 0.5, 0.41), (0.6, 0.5, 1.2, 1.1)]


def planted(folder: Path, scores: dict[tuple[int, int], float], labels: Any = None) -> CocoSsd:
    """A detector whose network gives BOXES and these scores, by anchor and COCO id."""
    table = np.zeros((1, len(BOXES), 90), np.float32)
    for (anchor, number), score in scores.items():
        table[0, anchor, number - 1] = score
    boxes = np.array(BOXES, np.float32).reshape(1, -1, 1, 4)
    pixels = opset13.parameter([-1, -1, -1, 3], np.uint8)
    pixels.output(0).tensor.set_names({"image_tensor:0"})
    outputs = []
    for value, name in ((boxes, "Postprocessor/ExpandDims_1:0"), (table, "Postprocessor/Slice:0")):
        outputs.append(opset13.result(opset13.constant(value)))
        outputs[-1].output(0).tensor.set_names({name})
    (folder / "weights").mkdir()
    network = openvino.Model(outputs, [pixels])
    openvino.save_model(network, folder / "weights" / "coco_ssd.xml", compress_to_fp16=False)
    description = {
        "schema": 1,
        "name": "planted",
        "type": "detector",
        "model": "coco_ssd.handler",
        "labels": LABELS if labels is None else labels,
    }
    (folder / "model.json").write_text(json.dumps(description))
    model = CocoSsd()
    model.load(Assets.open(folder), Device())
    return model


def found(model: CocoSsd, threshold: float = 0.5) -> list[tuple[str, int, float]]:
    """Label, index of the box in BOXES, and score of what is detected."""
    corners = [
        [left * 400, top * 200, min(right, 1) * 400, min(bottom, 1) * 200]
        for top, left, bottom, right in BOXES
    ]
    detected = []
    for shape in model.detect(IMAGE, threshold):
        distances = np.abs(np.array(corners) - shape.box).max(axis=1)
        assert distances.min() < 1e-3
        assert shape.confidence is not None
        detected.append((shape.label, int(distances.argmin()), round(shape.confidence, 4)))
    return detected


def test_columns_are_coco_ids_whatever_the_order_of_the_labels(tmp_path: Path) -> None:
    model = planted(tmp_path, {(0, 90): 0.7, (2, 1): 0.9, (2, 3): 0.8})
    assert found(model) == [("person", 2, 0.9), ("car", 2, 0.8), ("toothbrush", 0, 0.7)]


def test_boxes_are_in_pixels_and_clipped_to_the_image(tmp_path: Path) -> None:
    model = planted(tmp_path, {(0, 1): 0.9, (2, 1): 0.8})
    first, third = (shape.box for shape in model.detect(IMAGE, 0.5))
    assert first == pytest.approx((80, 20, 160, 100))
    assert third == pytest.approx((200, 120, 400, 200))


def test_of_two_boxes_of_a_label_on_one_object_the_better_stays(tmp_path: Path) -> None:
    model = planted(tmp_path, {(0, 1): 0.7, (1, 1): 0.9, (2, 1): 0.6})
    assert found(model) == [("person", 1, 0.9), ("person", 2, 0.6)]


def test_boxes_of_different_labels_on_one_object_both_stay(tmp_path: Path) -> None:
    model = planted(tmp_path, {(0, 1): 0.7, (1, 3): 0.9})
    assert found(model) == [("car", 1, 0.9), ("person", 0, 0.7)]


def test_a_score_equal_to_the_threshold_is_enough(tmp_path: Path) -> None:
    model = planted(tmp_path, {(0, 1): 0.5, (2, 1): 0.4999})
    assert found(model, 0.5) == [("person", 0, 0.5)]


def test_classes_without_a_label_are_not_reported(tmp_path: Path) -> None:
    model = planted(tmp_path, {(0, 12): 0.99, (0, 2): 0.98, (0, 1): 0.6})
    assert found(model) == [("person", 0, 0.6)]


def test_of_many_candidates_the_best_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CocoSsd, "candidates", 2)
    model = planted(tmp_path, {(0, 1): 0.6, (0, 3): 0.9, (2, 1): 0.7, (2, 90): 0.8})
    assert found(model) == [("car", 0, 0.9), ("toothbrush", 2, 0.8)]


def test_there_is_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CocoSsd, "limit", 1)
    model = planted(tmp_path, {(0, 1): 0.6, (2, 1): 0.7})
    assert found(model) == [("person", 2, 0.7)]


@pytest.mark.parametrize("label", [{"name": "x"}, {"name": "x", "id": 0}, {"name": "x", "id": 91}])
def test_labels_need_ids_of_the_networks_classes(tmp_path: Path, label: dict[str, Any]) -> None:
    with pytest.raises(LabelsError, match="label 'x' needs an id from 1 to 90"):
        planted(tmp_path, {}, [*LABELS, label])
