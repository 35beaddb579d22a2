"""Class maps of functions without code, from networks whose outputs are known."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.annotation import Mask
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.testing.pictures import plain, whole
from modelyard.models.testing.heads import SIZE, SIZES, detector

NAMES = ["cat", "dog", "bird"]
# Class, then left, top, right, bottom in cells of 32 x 24.
PARTS = [
    (0, (2, 2, 10, 8)),
    (1, (14, 2, 20, 8)),
    (2, (24, 4, 30, 9)),
    (0, (4, 14, 12, 22)),
    (1, (16, 16, 28, 20)),
]


def scores(inside: float, outside: float, *, classes: int = 3) -> Any:
    output = np.full((1, classes, 24, 32), outside, np.float32)
    for kind, (x0, y0, x1, y1) in PARTS:
        output[0, kind, y0:y1, x0:x1] = inside
    return output


def edges(shape: Any) -> tuple[int, int, int, int]:
    assert isinstance(shape, Mask)
    height, width = shape.bitmap.shape
    return shape.left, shape.top, shape.left + width, shape.top + height


def check_parts(found: Any, size: tuple[int, int]) -> None:
    known = {
        (NAMES[kind], tuple(np.round(np.array(box) / (32, 24, 32, 24) * (*size, *size), 6)))
        for kind, box in PARTS
    }
    assert len(found) == len(PARTS)
    for shape in found:
        near = [
            item
            for item in known
            if item[0] == shape.label and np.allclose(item[1], edges(shape), atol=1)
        ]
        assert len(near) == 1
        known.remove(near[0])


@pytest.mark.parametrize("size", SIZES)
def test_scores_of_a_smaller_map_are_enlarged_before_the_highest_wins(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    """As SegFormer's, a quarter of the input: 2 and 0 cross the others' 1 at the cells' edges."""
    output = np.concatenate((np.ones((1, 1, 24, 32), np.float32), scores(2, 0)), axis=1)
    model = detector(tmp_path, "segmentation", {"y": output}, labels=NAMES, background="first")
    found = model.detect(plain(size), 0.5)
    check_parts(found, size)
    # The corners are rounded: linear interpolation gives 2 * 3/4 * 3/4 - 1 > 0, but
    # 2 * 5/8 * 5/8 - 1 < 0 at the outermost pixels of the input.
    if size == SIZE:
        (shape,) = (s for s in found if edges(s) == (8, 8, 40, 32))
        assert isinstance(shape, Mask)
        assert not shape.bitmap[0, 0]
        assert shape.bitmap[1, 1]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("activation", "inside", "outside"), [("sigmoid", 3, -3), ("none", 0.9, 0.1)]
)
def test_classes_on_their_own_may_overlap(
    tmp_path: Path, activation: str, inside: float, outside: float, size: tuple[int, int]
) -> None:
    output = scores(inside, outside)
    output[0, 2] = inside  # Everywhere.
    model = detector(tmp_path, "segmentation", {"y": output}, labels=NAMES, activation=activation)
    bird, *others = model.detect(plain(size), 0.5)
    assert bird.label == "bird"
    assert edges(bird) == (0, 0, *size)
    assert [shape.label for shape in others].count("cat") == 2
    assert [shape.label for shape in others].count("dog") == 2
    assert isinstance(bird, Mask)
    assert all(whole(bird, size)[whole(s, size)].all() for s in others if isinstance(s, Mask))


def test_the_threshold_applies_to_each_class_on_its_own(tmp_path: Path) -> None:
    output = scores(0.6, 0.1)
    output[0, 1] *= 0.5
    model = detector(tmp_path, "segmentation", {"y": output}, labels=NAMES, activation="none")
    assert {shape.label for shape in model.detect(plain(SIZE), 0.5)} == {"cat", "bird"}
    assert {shape.label for shape in model.detect(plain(SIZE), 0.2)} == {"cat", "dog", "bird"}
    assert model.detect(plain(SIZE), 0.7) == []


def test_one_class_needs_its_activation(tmp_path: Path) -> None:
    output = np.full((1, 1, 24, 32), -2, np.float32)
    output[0, 0, 6:12, 8:16] = 2
    with pytest.raises(HeadError, match='"activation": "sigmoid"} for logits, "none" for'):
        detector(tmp_path, "segmentation", {"y": output}, labels=["cat"])
    model = detector(tmp_path, "segmentation", {"y": output}, labels=["cat"], activation="sigmoid")
    (shape,) = model.detect(plain(SIZE), 0.5)
    assert edges(shape) == (32, 24, 64, 48)
    wrong = detector(tmp_path, "segmentation", {"y": output}, labels=["cat"], activation="none")
    with pytest.raises(HeadError, match="scores up to 2 are not probabilities"):
        wrong.detect(plain(SIZE), 0.5)


@pytest.mark.parametrize("names", [("out", "aux"), ("aux", "out"), ("aux_out", "main")])
def test_auxiliary_outputs_are_not_read(tmp_path: Path, names: tuple[str, str]) -> None:
    main = np.concatenate((np.ones((1, 1, 24, 32), np.float32), scores(2, 0)), axis=1)
    planted = {name: main[:, ::-1] if name.startswith("aux") else main for name in names}
    model = detector(tmp_path, "segmentation", planted, labels=NAMES, background="first")
    check_parts(model.detect(plain(SIZE), 0.5), SIZE)


@pytest.mark.parametrize("last", [False, True])
def test_the_input_tells_the_channels_of_an_oblong_map(tmp_path: Path, last: bool) -> None:
    """19 channels of 24 x 32: each could be a side."""
    output = np.concatenate(
        (scores(2, 0), np.ones((1, 1, 24, 32), np.float32), np.zeros((1, 15, 24, 32), np.float32)),
        axis=1,
    )
    labels = [{"name": name, "id": number} for number, name in enumerate(NAMES)]
    if last:
        output = np.ascontiguousarray(output.transpose(0, 2, 3, 1))
    model = detector(tmp_path, "segmentation", {"y": output}, labels=labels)
    check_parts(model.detect(plain(SIZE), 0.5), SIZE)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid", "none"])
def test_maps_without_numbers_hold_no_objects(tmp_path: Path, activation: str) -> None:
    output = np.full((1, 3, 24, 32), np.nan, np.float32)
    model = detector(tmp_path, "segmentation", {"y": output}, labels=NAMES, activation=activation)
    assert model.detect(plain(SIZE), 0.5) == []
