"""Variants of well-known outputs, and outputs that hold no objects."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.annotation import Rectangle
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.testing.heads import ENCODERS, Planted
from modelyard.inference.testing.pictures import plain
from modelyard.models.testing.heads import SIZE, detector

NAMES = ["cat", "dog", "bird"]
ITEMS = [
    Planted((10, 10, 30, 40), 1, 0.95),
    Planted((40, 10, 60, 40), 0, 0.9),
    Planted((70, 10, 90, 40), 2, 0.85),
    Planted((10, 50, 30, 90), 2, 0.8),
    Planted((40, 50, 60, 90), 1, 0.75),
]


def check(found: Any, items: Any = ITEMS, names: Any = NAMES) -> None:
    assert [(s.label, round(s.confidence or 0, 3)) for s in found] == [
        (names[item.kind], item.score) for item in items
    ]
    for shape, item in zip(found, items, strict=True):
        assert isinstance(shape, Rectangle)
        np.testing.assert_allclose(shape.box, item.box, atol=1e-3)


def rows(classes: int, *, count: int = 252) -> Any:
    """[1, N, 5 + classes], one box a cell."""
    output = np.zeros((1, count, 5 + classes), np.float32)
    for number, item in enumerate(ITEMS):
        output[0, number, :5] = (*item.center, 1.0)
        output[0, number, 5 + item.kind] = item.score
    return output


def grids() -> dict[str, Any]:
    return {f"grid{side}": np.full((1, 3, side, side + 4, 8), 9, np.float32) for side in (12, 6, 3)}


@pytest.mark.parametrize(
    "outputs",
    [
        {"outputs": rows(3)},
        {"outputs": rows(3, count=20)},
        {"outputs": rows(3, count=756)} | grids(),
        grids() | {"outputs": rows(3, count=756)},
    ],
    ids=["one box a cell", "any number", "raw grids after", "raw grids before"],
)
def test_yolov5_in_other_forms(tmp_path: Path, outputs: dict[str, Any]) -> None:
    check(detector(tmp_path, "yolov5", outputs, labels=NAMES).detect(plain(SIZE), 0.5))


def test_yolov5_in_fractions(tmp_path: Path) -> None:
    output = rows(3)
    output[..., :4] /= (*SIZE, *SIZE)
    model = detector(tmp_path, "yolov5", {"y": output}, labels=NAMES, box_unit="fractions")
    check(model.detect(plain(SIZE), 0.5))


def test_yolov5_as_logits(tmp_path: Path) -> None:
    output = rows(3)
    chance = np.clip(output[..., 4:], 1e-6, 1 - 1e-6)
    output[..., 4:] = np.log(chance / (1 - chance))
    model = detector(tmp_path, "yolov5", {"y": output}, labels=NAMES, activation="sigmoid")
    check(model.detect(plain(SIZE), 0.5))


def test_objectness_alone_is_the_score_of_one_class(tmp_path: Path) -> None:
    output = np.zeros((1, 756, 6), np.float32)
    output[..., 5] = 0.5  # Not trained.
    items = [item._replace(kind=0) for item in ITEMS]
    for number, item in enumerate(items):
        output[0, 50 * number, :5] = (*item.center, item.score)
    model = detector(tmp_path, "yolov5", {"y": output}, labels=["cat"], score="objectness")
    check(model.detect(plain(SIZE), 0.5), items)
    with pytest.raises(HeadError, match=r'score="objectness" is for one class, .* has 3'):
        detector(tmp_path, "yolov5", {"y": rows(3)}, labels=NAMES, score="objectness")


def fractions(item: Planted) -> Any:
    return np.array(item.center) / (*SIZE, *SIZE)


def test_queries_with_boxes_and_probabilities_in_one_output(tmp_path: Path) -> None:
    output = np.zeros((1, 300, 7), np.float32)
    for number, item in enumerate(ITEMS):
        output[0, 60 * number, :4] = fractions(item)
        output[0, 60 * number, 4 + item.kind] = item.score
    model = detector(
        tmp_path, "detr", {"y": output}, labels=NAMES, activation="none", background="none"
    )
    check(model.detect(plain(SIZE), 0.5))
    with pytest.raises(HeadError, match=r'set head_options=\{"activation": "none"'):
        detector(tmp_path, "detr", {"y": output}, labels=NAMES)


@pytest.mark.parametrize("names", [("labels", "dets"), ("dets", "labels"), ("a", "b")])
def test_names_tell_four_scores_from_boxes(tmp_path: Path, names: tuple[str, str]) -> None:
    scores = np.full((1, 3900, 4), -9, np.float32)
    boxes = np.full((1, 3900, 4), 0.5, np.float32)
    for number, item in enumerate(ITEMS):
        boxes[0, 60 * number] = fractions(item)
        scores[0, 60 * number, item.kind] = np.log(item.score / (1 - item.score))
    arrays = {"labels": scores, "dets": boxes, "a": scores, "b": boxes}
    planted = {name: arrays[name] for name in names}
    if "a" in names:
        with pytest.raises(HeadError, match="names of a, b do not tell boxes from scores"):
            detector(tmp_path, "detr", planted, labels=NAMES, activation="sigmoid")
        return
    more = {"hidden": np.zeros((1, 3900, 256), np.float32)}
    model = detector(tmp_path, "detr", planted | more, labels=NAMES, activation="sigmoid")
    check(model.detect(plain(SIZE), 0.5))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("form", ENCODERS)
@pytest.mark.filterwarnings("error")
def test_outputs_without_numbers_hold_no_objects(tmp_path: Path, form: str, value: float) -> None:
    head, encode = ENCODERS[form]
    arrays = {name: np.full_like(array, value) for name, array in encode(ITEMS, SIZE, 3).items()}
    assert detector(tmp_path, head, arrays, labels=NAMES).detect(plain(SIZE), 0.5) == []


@pytest.mark.parametrize("form", ["yolov8", "yolov5", "yolox", "ssd"])
def test_logits_are_not_taken_for_probabilities(tmp_path: Path, form: str) -> None:
    head, encode = ENCODERS[form]
    items = [item._replace(score=7.25) for item in ITEMS]
    model = detector(tmp_path, head, encode(items, SIZE, 3), labels=NAMES)
    with pytest.raises(HeadError, match=r"scores up to 7.25 are not probabilities") as error:
        model.detect(plain(SIZE), 0.5)
    assert "\n" not in str(error.value)


def test_one_object_without_numbers_leaves_the_others(tmp_path: Path) -> None:
    output = ENCODERS["yolov8"][1](ITEMS, SIZE, 3)["output0"]
    output[0, 2, 0] = np.nan
    output[0, 4:, 3] = np.nan
    found = detector(tmp_path, "yolov8", {"y": output}, labels=NAMES).detect(plain(SIZE), 0.5)
    check(found, ITEMS[2:])


def test_tags_are_probabilities(tmp_path: Path) -> None:
    logits = np.array([[3.0, np.nan, -2.0]], np.float32)
    model = detector(tmp_path, "classification", {"y": logits}, labels=NAMES, activation="none")
    with pytest.raises(HeadError, match="scores up to 3 are not probabilities"):
        model.detect(plain(SIZE), 0.5)
    model = detector(tmp_path, "classification", {"y": logits}, labels=NAMES, activation="sigmoid")
    (tag,) = model.detect(plain(SIZE), 0.5)
    assert (tag.label, round(tag.confidence or 0, 4)) == ("cat", 0.9526)
