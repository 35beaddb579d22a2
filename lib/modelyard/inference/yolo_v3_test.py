"""The decoder compared with a naive loop."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from modelyard.inference.yolo_v3 import Detections, decode, detect, sigmoid

ANCHORS = ((20.0, 30.0), (60.0, 40.0))
SIDE = (128, 96)
CLASSES = 3
SHAPE = (len(ANCHORS) * (5 + CLASSES), 3, 4)

logits = st.integers(-12, 12).map(lambda n: n / 3)
heads = arrays(np.float32, SHAPE, elements=logits)
thresholds = st.sampled_from([0.0, 0.05, 0.3, 0.6, 0.95])


def plain(head: NDArray[Any], threshold: float) -> list[tuple[float, ...]]:
    """Class, score and box of all detections, cell by cell."""
    found = []
    depth = 5 + CLASSES
    for a, (wide, high) in enumerate(ANCHORS):
        for row in range(SHAPE[1]):
            for column in range(SHAPE[2]):
                x, y, w, h, *rest = (
                    float(v) for v in head[a * depth : (a + 1) * depth, row, column]
                )
                chance, *classes = (1 / (1 + math.exp(-v)) for v in rest)
                cx = (column + 1 / (1 + math.exp(-x))) / SHAPE[2]
                cy = (row + 1 / (1 + math.exp(-y))) / SHAPE[1]
                half, tall = math.exp(w) * wide / SIDE[0] / 2, math.exp(h) * high / SIDE[1] / 2
                box = (cx - half, cy - tall, cx + half, cy + tall)
                found += [(c, chance * p, *box) for c, p in enumerate(classes)]
    return [item for item in found if item[1] >= threshold]


def rows(found: Detections) -> NDArray[Any]:
    return np.column_stack((found.classes, found.scores, found.boxes))


def ordered(table: Any) -> NDArray[Any]:
    array = np.array(table, np.float64).reshape(-1, 6)
    return array[np.lexsort(array.round(4).T)]


@given(heads, thresholds)
def test_every_cell_anchor_and_class_is_decoded(head: NDArray[Any], threshold: float) -> None:
    everything = np.array(plain(head, 0.0))
    # A score so close to the threshold may fall on either side of it.
    if np.abs(everything[:, 1] - threshold).min() > 1e-6:
        expected = ordered(plain(head, threshold))
        np.testing.assert_allclose(
            ordered(rows(decode(head, ANCHORS, SIDE, threshold))), expected, atol=1e-4
        )


@given(heads, st.permutations(range(CLASSES)))
def test_permuted_classes_are_permuted_results(head: NDArray[Any], order: list[int]) -> None:
    split = head.reshape(len(ANCHORS), -1, *SHAPE[1:])
    permuted = np.concatenate((split[:, :5], split[:, 5:][:, order]), axis=1).reshape(SHAPE)
    found = decode(permuted, ANCHORS, SIDE, 0.2)
    back = found._replace(classes=np.array(order, np.int64)[found.classes])
    np.testing.assert_array_equal(
        ordered(rows(back)), ordered(rows(decode(head, ANCHORS, SIDE, 0.2)))
    )


@given(heads)
def test_a_mirrored_grid_is_a_mirrored_result(head: NDArray[Any]) -> None:
    mirrored = head[:, :, ::-1].copy()
    depth = 5 + CLASSES
    mirrored[::depth] *= -1  # sigmoid(-x) is 1 - sigmoid(x).
    found, expected = (decode(h, ANCHORS, SIDE, 0.2) for h in (mirrored, head))
    boxes = np.array([1, 0, 1, 0]) + found.boxes[:, [2, 1, 0, 3]] * [-1, 1, -1, 1]
    flipped = found._replace(boxes=boxes.astype(np.float32))
    np.testing.assert_allclose(ordered(rows(flipped)), ordered(rows(expected)), atol=1e-5)


def empty(shape: tuple[int, int, int] = SHAPE) -> NDArray[np.float32]:
    return np.full(shape, -20, np.float32)


def put(head: NDArray[Any], anchor: int, row: int, column: int, *values: float) -> None:
    start = anchor * (5 + CLASSES)
    head[start : start + len(values), row, column] = values


def best(*items: NDArray[np.float32], **limits: Any) -> Detections:
    options = {"overlap": 0.4, "candidates": 1000, "limit": 100} | limits
    return detect([(head, ANCHORS) for head in items], SIDE, 0.1, **options)


def test_boxes_of_other_classes_in_the_same_place_stay() -> None:
    """Upstream's NMS ignored classes: a rider suppressed the horse."""
    head = empty()
    put(head, 0, 1, 1, 0, 0, 0, 0, 9, 9, 8, -20)
    put(head, 1, 1, 1, 0, 0, np.log(1 / 3), np.log(3 / 4), 9, 7, -20, -20)
    found = best(head)
    assert found.classes.tolist() == [0, 1]
    np.testing.assert_allclose(found.boxes[0], found.boxes[1])


def test_heads_of_all_grids_are_looked_at_together() -> None:
    coarse, fine = empty(), empty((SHAPE[0], 6, 8))
    put(coarse, 1, 1, 1, 0, 0, 0, 0, 9, 2, -20, -20)
    put(fine, 1, 2, 2, 9, 9, 0, 0, 9, 3, -20, -20)
    put(fine, 0, 5, 7, 0, 0, 0, 0, 9, -20, -20, 1)
    found = best(coarse, fine)
    assert found.classes.tolist() == [0, 2]
    np.testing.assert_allclose(found.scores, sigmoid(np.array([3, 1], np.float32)), atol=1e-3)
    np.testing.assert_allclose((found.boxes[1, :2] + found.boxes[1, 2:]) / 2, (7.5 / 8, 5.5 / 6))


def test_only_the_best_are_looked_at_and_kept() -> None:
    head = empty()
    for column in range(4):
        put(head, 0, 0, column, 0, 0, -3, -3, 9, column, -20, -20)
    assert best(head, limit=2).boxes[:, 0].argsort().tolist() == [1, 0]
    assert len(best(head, candidates=3).scores) == 3


def test_a_box_beyond_all_numbers_is_dropped() -> None:
    head = empty()
    put(head, 0, 0, 0, 0, 0, 500, 0, 9, 9, -20, -20)
    assert len(best(head).scores) == 0


@pytest.mark.parametrize("channels", [15, 10, 0])
def test_channels_must_fit_the_anchors(channels: int) -> None:
    with pytest.raises(ValueError, match="channels do not fit 2 anchors"):
        decode(np.zeros((channels, 2, 2), np.float32), ANCHORS, SIDE, 0.5)
