"""Functions without code whose networks choose their detections themselves."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.annotation import Rectangle
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.testing.pictures import plain
from modelyard.models.testing.heads import SIZE, SIZES, detector, in_input

NAMES = ["cat", "dog", "bird"]
OBJECTS = [
    ((0.40, 0.42, 0.60, 0.62), 1, 0.95),
    ((0.41, 0.42, 0.61, 0.62), 1, 0.90),
    ((0.88, 0.32, 0.97, 0.51), 0, 0.85),
    ((0.33, 0.04, 0.52, 0.11), 2, 0.80),
    ((0.34, 0.87, 0.53, 0.92), 2, 0.75),
]
Outputs = dict[str, Any]


def columns(size: tuple[int, int], resize: str, padding: int = 3) -> tuple[Any, Any, Any]:
    """Boxes [N, 4], scores and classes [N], with rows of score 0 at the end."""
    boxes = [
        (*in_input(box[:2], size, resize), *in_input(box[2:], size, resize))
        for box, _, _ in OBJECTS
    ]
    empty = [(0.0, 0.0, 0.0, 0.0)] * padding
    scores = [score for _, _, score in OBJECTS] + [0.0] * padding
    kinds = [kind for _, kind, _ in OBJECTS] + [0] * padding
    return np.array(boxes + empty, np.float32), np.array(scores, np.float32), np.array(kinds)


def joined(boxes: Any, scores: Any, kinds: Any) -> Outputs:
    return {"output0": np.column_stack((boxes, scores, kinds)).astype(np.float32)[None]}


def batched(boxes: Any, scores: Any, kinds: Any) -> Outputs:
    image = np.where(scores > 0, 0, -1)
    return {"output": np.column_stack((image, boxes, kinds, scores)).astype(np.float32)}


def efficient(boxes: Any, scores: Any, kinds: Any) -> Outputs:
    # Rows beyond the number are meaningless.
    scores = np.where(scores > 0, scores, 0.99).astype(np.float32)
    return {
        "num_dets": np.array([[5]], np.int32),
        "det_boxes": boxes[None],
        "det_scores": scores[None],
        "det_classes": kinds[None].astype(np.int32),
    }


def tensorflow(boxes: Any, scores: Any, kinds: Any) -> Outputs:
    """Ids from 1, y first, fractions; further outputs from before the suppression."""
    fractions = boxes / (*SIZE, *SIZE)
    return {
        "detection_anchor_indices": np.arange(8, dtype=np.float32)[None],
        "detection_boxes": fractions[None][..., [1, 0, 3, 2]].astype(np.float32),
        "detection_classes": (kinds + 1)[None].astype(np.float32),
        "detection_multiclass_scores": np.ones((1, 8, 4), np.float32),
        "detection_scores": scores[None],
        "num_detections": np.array([8], np.float32),
        "raw_detection_boxes": np.ones((1, 1917, 4), np.float32),
        "raw_detection_scores": np.ones((1, 1917, 4), np.float32),
    }


def task_library(boxes: Any, scores: Any, kinds: Any) -> Outputs:
    """Scores before classes, of names that say nothing."""
    fractions = boxes / (*SIZE, *SIZE)
    return {
        "call:1": scores[None],
        "call:3": fractions[None][..., [1, 0, 3, 2]].astype(np.float32),
        "call:0": np.array([8], np.float32),
        "call:2": kinds[None].astype(np.float32),
    }


def transformer(boxes: Any, scores: Any, kinds: Any) -> Outputs:
    return {"labels": kinds[None], "boxes": boxes[None], "scores": scores[None]}


def torchvision(boxes: Any, scores: Any, kinds: Any) -> Outputs:
    """Names that the exporter numbered."""
    return {"1201": boxes, "1203": kinds, "1205": scores}


def mmdeploy(boxes: Any, scores: Any, kinds: Any) -> Outputs:
    dets = np.column_stack((boxes, scores)).astype(np.float32)
    return {"dets": dets[None], "labels": kinds[None].astype(np.int64)}


TENSORFLOW = {"boxes": "yxyx", "box_unit": "fractions", "resize": "stretch"}
FORMS: dict[str, tuple[Callable[..., Outputs], dict[str, Any]]] = {
    "joined": (joined, {}),
    "batched": (batched, {}),
    "EfficientNMS": (efficient, {}),
    "TensorFlow": (tensorflow, TENSORFLOW | {"first_id": 0}),
    "TensorFlow Lite": (task_library, TENSORFLOW),
    "transformer": (transformer, {"resize": "stretch"}),
    "torchvision": (torchvision, {"resize": "stretch"}),
    "MMDeploy": (mmdeploy, {}),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("form", FORMS)
def test_what_a_network_has_chosen_is_reported_as_it_is(
    tmp_path: Path, form: str, size: tuple[int, int]
) -> None:
    encode, options = FORMS[form]
    planted = encode(*columns(size, options.get("resize", "letterbox")))
    # Ids as the data sets of TensorFlow count them.
    first = 1 if form == "TensorFlow" else 0
    labels = [{"name": name, "id": number} for number, name in enumerate(NAMES, first)]
    found = detector(tmp_path, "end2end", planted, labels=labels, **options).detect(
        plain(size), 0.0
    )
    assert len(found) == 5
    for shape, (box, kind, score) in zip(found, OBJECTS, strict=True):
        assert isinstance(shape, Rectangle)
        assert (shape.label, round(shape.confidence or 0, 3)) == (NAMES[kind], score)
        np.testing.assert_allclose(shape.box, np.array(box) * (*size, *size), atol=max(size) * 1e-4)


@pytest.mark.parametrize("form", ["batched", "torchvision"])
def test_no_rows_are_no_objects(tmp_path: Path, form: str) -> None:
    encode, options = FORMS[form]
    boxes, scores, kinds = columns(SIZE, "stretch")
    planted = encode(boxes[:0], scores[:0], kinds[:0])
    model = detector(tmp_path, "end2end", planted, labels=NAMES, **options)
    assert model.detect(plain(SIZE), 0.5) == []


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("form", ["joined", "batched", "transformer", "MMDeploy"])
def test_rows_that_are_not_numbers_are_padding(tmp_path: Path, form: str, value: float) -> None:
    encode, options = FORMS[form]
    boxes, scores, kinds = columns(SIZE, options.get("resize", "letterbox"))
    boxes[1, 2] = value
    scores[3] = value
    planted = encode(boxes, scores, kinds)
    found = detector(tmp_path, "end2end", planted, labels=NAMES, **options).detect(plain(SIZE), 0.5)
    assert [round(shape.confidence or 0, 3) for shape in found] == [0.95, 0.85, 0.75]


def test_scores_above_one_are_refused(tmp_path: Path) -> None:
    boxes, scores, kinds = columns(SIZE, "letterbox")
    model = detector(tmp_path, "end2end", joined(boxes, scores * 8, kinds), labels=NAMES)
    with pytest.raises(HeadError, match=r"planted: scores up to 7.6 are not prob.*activation"):
        model.detect(plain(SIZE), 0.5)


def test_classes_that_are_not_whole_numbers_are_refused(tmp_path: Path) -> None:
    boxes, scores, kinds = columns(SIZE, "letterbox")
    model = detector(tmp_path, "end2end", joined(boxes, kinds + 0.5, scores), labels=NAMES)
    with pytest.raises(HeadError, match=r"must be whole numbers, not 0\.9"):
        model.detect(plain(SIZE), 0.5)


@pytest.mark.parametrize(
    "shapes",
    [
        {"output0": (1, 9, 7)},
        {"output0": (1, 84, 8400)},
        {"boxes": (1, 9, 4), "scores": (1, 9)},
        {"boxes": (1, 9, 4), "scores": (1, 9, 3)},
        {"output0": (1, 9, 5)},
    ],
)
def test_other_outputs_are_refused(tmp_path: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    planted = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    with pytest.raises(HeadError) as error:
        detector(tmp_path, "end2end", planted, labels=NAMES)
    assert "\n" not in str(error.value)
