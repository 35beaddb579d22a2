"""Boxes become masks, with networks that have planted outputs."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coco_instances.handler import CocoInstances, instance, window
from modelyard import Assets, Device, Image, LabelSet, Mask, Rectangle
from modelyard.annotation import encode_detections
from modelyard.imaging import fill
from modelyard.inference.testing.segment_anything import plant_sam, plant_ssd

# Scaled by four it fills the encoder's square, so each pixel is a cell of the decoder.
IMAGE = Image.from_pixels(np.zeros((128, 256, 3), np.uint8))
LABELS = [
    {"id": 3, "name": "car", "type": "mask"},
    {"id": 1, "name": "person", "type": "mask"},
]

# Fractions: top, left, bottom, right; the last extends beyond two borders.
BOXES = [(0.25, 0.125, 0.5, 0.25), (0.25, 0.5, 1.0, 0.75), (0.75, 0.875, 1.5, 1.5)]
PIXELS = [(32, 32, 64, 64), (128, 32, 192, 128), (224, 96, 256, 128)]


def planted(folder: Path, scores: dict[tuple[int, int], float]) -> CocoInstances:
    (folder / "weights").mkdir()
    plant_ssd(folder / "weights" / "coco_ssd.xml", BOXES, scores)
    plant_sam(folder / "weights")
    described = {
        "schema": 1,
        "name": "planted",
        "type": "detector",
        "model": "coco_instances.handler",
        "labels": LABELS,
    }
    (folder / "model.json").write_text(json.dumps(described))
    model = CocoInstances()
    model.load(Assets.open(folder), Device())
    return model


def test_each_box_becomes_the_mask_of_its_object(tmp_path: Path) -> None:
    model = planted(tmp_path, {(0, 3): 0.6, (1, 1): 0.9, (2, 1): 0.7})
    found = model.detect(IMAGE, 0.5)
    assert [(mask.label, round(mask.confidence or 0, 3)) for mask in found] == [
        ("person", 0.9),
        ("person", 0.7),
        ("car", 0.6),
    ]
    for mask, (left, top, right, bottom) in zip(
        found, (PIXELS[1], PIXELS[2], PIXELS[0]), strict=True
    ):
        assert (mask.left, mask.top) == (left, top)
        assert mask.bitmap.shape == (bottom - top, right - left)
        assert mask.bitmap.all()
        whole = np.zeros((128, 256), bool)
        whole[top:bottom, left:right] = True
        assert mask.polygon is not None
        np.testing.assert_array_equal(fill(mask.polygon, IMAGE.size), whole)


def test_cvat_gets_the_crop_with_its_box_and_the_outline(tmp_path: Path) -> None:
    model = planted(tmp_path, {(0, 3): 0.6})
    (item,) = json.loads(
        encode_detections(model.detect(IMAGE, 0.5), LabelSet.from_json(LABELS), IMAGE.size)
    )
    assert (item["type"], item["label"]) == ("mask", "car")
    assert item["mask"] == [1] * (32 * 32) + [32, 32, 63, 63]
    assert sorted(zip(item["points"][::2], item["points"][1::2], strict=True)) == [
        (32, 32),
        (32, 64),
        (64, 32),
        (64, 64),
    ]


def test_the_image_is_encoded_once_and_only_for_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = planted(tmp_path, {(0, 3): 0.6, (1, 1): 0.9, (2, 1): 0.7})
    runs = []
    embed = model._encoder.embed

    def counted(image: Image, fit: Any) -> Any:
        runs.append(image.digest)
        return embed(image, fit)

    monkeypatch.setattr(model._encoder, "embed", counted)
    assert model.detect(IMAGE, 0.95) == []
    assert runs == []
    assert len(model.detect(IMAGE, 0.5)) == 3
    assert runs == [IMAGE.digest]


def test_permuted_anchors_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = {(0, 3): 0.6, (1, 1): 0.9, (2, 1): 0.7}
    (tmp_path / "a").mkdir()
    first = planted(tmp_path / "a", scores).detect(IMAGE, 0.5)
    monkeypatch.setattr("coco_instances.planted_test.BOXES", BOXES[::-1])
    (tmp_path / "b").mkdir()
    turned = {(2 - anchor, number): score for (anchor, number), score in scores.items()}
    second = planted(tmp_path / "b", turned).detect(IMAGE, 0.5)
    assert [described(mask) for mask in first] == [described(mask) for mask in second]


def described(mask: Mask) -> tuple[Any, ...]:
    return mask.label, mask.left, mask.top, mask.bitmap.tobytes(), mask.polygon, mask.confidence


def test_what_is_far_from_the_box_belongs_to_something_else() -> None:
    mask = np.zeros((100, 100), bool)
    mask[20:60, 20:60] = True
    mask[20:60, 80:90] = True
    found = instance(Rectangle("cat", (25, 20, 55, 60)), mask, margin=0.1)
    assert found is not None
    # A tenth of 30 pixels is 3.
    assert (found.left, found.top, found.bitmap.shape) == (22, 20, (40, 36))
    assert found.bitmap.all()


def test_of_a_mask_in_parts_the_outline_is_that_of_the_largest() -> None:
    mask = np.zeros((50, 50), bool)
    mask[10:14, 10:14] = True
    mask[30:40, 20:40] = True
    found = instance(Rectangle("cat", (5, 5, 45, 45), confidence=0.75), mask, margin=0)
    assert found is not None
    assert (found.left, found.top, found.bitmap.shape) == (10, 10, (30, 30))
    assert found.confidence == 0.75
    assert found.polygon is not None
    np.testing.assert_array_equal(fill(found.polygon, (50, 50))[20:], mask[20:])


def test_an_object_without_pixels_is_left_out() -> None:
    mask = np.zeros((50, 50), bool)
    mask[0:5, 0:5] = True
    assert instance(Rectangle("cat", (20, 20, 40, 40)), mask, margin=0.1) is None
    assert instance(Rectangle("cat", (60, 20, 80, 40)), mask, margin=0) is None


@given(
    box=st.tuples(*[st.floats(-100, 600, width=32)] * 4),
    margin=st.floats(0, 1),
    width=st.integers(1, 500),
    height=st.integers(1, 500),
)
def test_a_window_holds_the_box_and_stays_in_the_image(
    box: tuple[float, float, float, float], margin: float, width: int, height: int
) -> None:
    box = (min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3]))
    left, top, right, bottom = window(box, margin, (width, height))
    assert 0 <= left <= right <= width
    assert 0 <= top <= bottom <= height
    assert left <= max(box[0], 0)
    assert top <= max(box[1], 0)
    assert right >= min(box[2], width)
    assert bottom >= min(box[3], height)
