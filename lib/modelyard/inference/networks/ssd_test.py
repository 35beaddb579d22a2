"""The detector with a network that ignores the image and returns known boxes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard.annotation import LabelError, LabelSet
from modelyard.imaging import Image
from modelyard.inference.device import Device
from modelyard.inference.networks.ssd import CocoSsdNetwork, to_pixels
from modelyard.inference.testing.segment_anything import plant_ssd

IMAGE = Image.from_pixels(np.zeros((200, 400, 3), np.uint8))
LABELS = [{"id": 3, "name": "car"}, {"id": 90, "name": "toothbrush"}, {"id": 1, "name": "person"}]

# Fractions: top, left, bottom, right. The second overlaps the first, the third neither.
BOXES = [(0.1, 0.2, 0.5, 0.4), (0.1, 0.2, 0.5, 0.41), (0.6, 0.5, 1.2, 1.1)]


Corners = tuple[float, float, float, float]


def planted(
    folder: Path,
    scores: dict[tuple[int, int], float],
    labels: list[dict[str, Any]] = LABELS,
    **options: Any,
) -> CocoSsdNetwork:
    """A detector whose network returns BOXES and these scores, by anchor and COCO id."""
    plant_ssd(folder / "coco_ssd.xml", BOXES, scores)
    return CocoSsdNetwork(folder / "coco_ssd.xml", LabelSet.from_json(labels), Device(), **options)


def found(model: CocoSsdNetwork, threshold: float = 0.5) -> list[tuple[str, int, float]]:
    """Label, index in BOXES and score of each detection."""
    corners = [
        [left * 400, top * 200, min(right, 1) * 400, min(bottom, 1) * 200]
        for top, left, bottom, right in BOXES
    ]
    detected = []
    for shape in model.find(IMAGE, threshold):
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
    first, third = (shape.box for shape in model.find(IMAGE, 0.5))
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


def test_of_many_candidates_the_best_are_looked_at(tmp_path: Path) -> None:
    scores = {(0, 1): 0.6, (0, 3): 0.9, (2, 1): 0.7, (2, 90): 0.8}
    model = planted(tmp_path, scores, candidates=2)
    assert found(model) == [("car", 0, 0.9), ("toothbrush", 2, 0.8)]


def test_there_is_a_limit(tmp_path: Path) -> None:
    model = planted(tmp_path, {(0, 1): 0.6, (2, 1): 0.7}, limit=1)
    assert found(model) == [("person", 2, 0.7)]


@pytest.mark.parametrize("label", [{"name": "x"}, {"name": "x", "id": 0}, {"name": "x", "id": 91}])
def test_labels_need_ids_of_the_networks_classes(tmp_path: Path, label: dict[str, Any]) -> None:
    with pytest.raises(LabelError, match="label 'x' needs an id from 1 to 90"):
        planted(tmp_path, {}, [*LABELS, label])


@given(
    boxes=st.lists(st.tuples(*[st.floats(-2, 3, width=32)] * 4), max_size=20),
    width=st.integers(1, 32_768),
    height=st.integers(1, 32_768),
)
@settings(deadline=None)
def test_to_pixels_keeps_boxes_in_the_image(boxes: list[Corners], width: int, height: int) -> None:
    corners = to_pixels(np.array(boxes, np.float32).reshape(-1, 4), (width, height))
    assert corners.shape == (len(boxes), 4)
    assert (corners >= 0).all()
    assert (corners <= [width, height, width, height]).all()


def test_to_pixels_swaps_the_axes() -> None:
    boxes = np.array([[0.25, 0.5, 0.75, 1.5]], np.float32)
    assert to_pixels(boxes, (200, 40)).tolist() == [[100, 10, 200, 30]]
