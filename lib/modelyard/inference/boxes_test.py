"""Overlap, delta decoding and NMS compared with naive implementations."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from modelyard.inference.boxes import (
    LARGEST_GROWTH,
    apply_deltas,
    areas,
    intersections,
    iou_matrix,
    nms,
)

# Small whole numbers and quarters: overlaps are exact and ties are frequent.
edge = st.integers(-8, 24).map(lambda n: n / 4)
box = st.tuples(edge, edge, edge, edge)


def as_boxes(rows: list[tuple[float, ...]]) -> NDArray[np.float64]:
    return np.array(rows, np.float64).reshape(-1, 4)


def plain_area(box: Any) -> float:
    return max(0.0, float(box[2] - box[0])) * max(0.0, float(box[3] - box[1]))


def plain_iou(a: Any, b: Any) -> float:
    inner = (max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3]))
    shared = plain_area(inner)
    union = plain_area(a) + plain_area(b) - shared
    return shared / union if union > 0 else 0.0


def plain_nms(boxes: Any, scores: Any, threshold: float, classes: Any | None = None) -> list[int]:
    kept: list[int] = []
    for i in sorted(range(len(boxes)), key=lambda i: -scores[i]):
        same = [k for k in kept if classes is None or classes[k] == classes[i]]
        if plain_area(boxes[i]) > 0 and all(
            plain_iou(boxes[i], boxes[k]) <= threshold for k in same
        ):
            kept.append(i)
    return kept


@given(st.lists(box, max_size=6), st.lists(box, max_size=6))
def test_overlap_is_that_of_the_plain_formula(
    first: list[tuple[float, ...]], second: list[tuple[float, ...]]
) -> None:
    matrix = iou_matrix(as_boxes(first), as_boxes(second))
    assert matrix.shape == (len(first), len(second))
    assert areas(as_boxes(first)).tolist() == [plain_area(item) for item in first]
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            assert matrix[i, j] == pytest.approx(plain_iou(a, b))
            assert 0 <= matrix[i, j] <= 1


@given(st.lists(box, min_size=1, max_size=6))
def test_overlap_is_symmetric_and_whole_with_itself(rows: list[tuple[float, ...]]) -> None:
    boxes = as_boxes(rows)
    matrix = iou_matrix(boxes, boxes)
    assert np.array_equal(matrix, matrix.T)
    assert np.array_equal(np.diag(matrix), (areas(boxes) > 0).astype(float))
    assert np.array_equal(np.diag(intersections(boxes, boxes)), areas(boxes))


@given(
    st.lists(st.tuples(box, st.integers(-4, 4), st.integers(-2, 2)), max_size=12),
    st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]),
)
def test_suppression_is_that_of_the_plain_loop(
    rows: list[tuple[tuple[float, ...], int, int]], threshold: float
) -> None:
    boxes = as_boxes([row[0] for row in rows])
    scores = np.array([row[1] / 8 for row in rows], np.float32)
    classes = np.array([row[2] for row in rows], np.int64)
    assert nms(boxes, scores, threshold).tolist() == plain_nms(boxes, scores, threshold)
    kept = nms(boxes.astype(np.float32), scores, threshold, classes=classes)
    assert kept.tolist() == plain_nms(boxes, scores, threshold, classes)


def test_classes_stay_apart_left_of_the_image_too() -> None:
    """The case in which OpenCV's own batched suppression mixes the classes up."""
    boxes = as_boxes([(-20, -20, -10, -10), (-20, -20, -10, -10)])
    assert nms(boxes, np.array([0.9, 0.8]), 0.5, classes=np.array([0, 1])).tolist() == [0, 1]
    assert nms(boxes, np.array([0.9, 0.8]), 0.5).tolist() == [0]


def test_classes_stay_apart_across_a_wide_extent_too() -> None:
    # The same box twice in each class, and one far away: 2 ** 24 pixels and more in all.
    far = 3.0 * 2**22
    boxes = np.array([(0, 0, 10, 10)] * 4 + [(far, 0, far + 10, 10)], np.float64)
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    kinds = np.array([0, 1, 0, 1, 2])
    assert nms(boxes, scores, 0.5, classes=kinds).tolist() == [0, 1, 4]


def test_classes_stay_apart_however_small_their_boxes_are() -> None:
    boxes = np.array([(0, 0, 1e-12, 1e-12)] * 2, np.float64)
    assert nms(boxes, np.array([0.9, 0.8]), 0.5, classes=np.array([0, 1])).tolist() == [0, 1]


def test_what_is_no_box_goes() -> None:
    boxes = as_boxes(
        [
            (0, 0, 1, 1),
            (0, 0, 0, 1),
            (5, 5, 4, 6),
            (np.nan, 0, 1, 1),
            (9, 9, np.inf, 10),
            (7, 7, 8, 8),
        ]
    )
    scores = np.array([0.5, 0.9, 0.9, 0.9, 0.9, np.nan])
    assert nms(boxes, scores, 0.5).tolist() == [0]


def test_a_limit_keeps_the_best() -> None:
    boxes = as_boxes([(n, 0, n + 1, 1) for n in range(5)])
    assert nms(boxes, np.array([1, 5, 3, 2, 4]), 0.5, limit=2).tolist() == [1, 4]


def test_nothing_in_nothing_out() -> None:
    empty = nms(np.empty((0, 4)), np.empty(0), 0.5, classes=np.empty(0, int))
    assert empty.tolist() == []
    assert empty.dtype == np.int64


place = st.floats(-500, 500, width=32)
side = st.floats(0.5, 300, width=32)
shift = st.floats(-2, 2, width=32)


def plain_deltas(box: list[float], delta: list[float]) -> list[float]:
    """The paper's formula."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    x = left + width / 2 + delta[0] * width
    y = top + height / 2 + delta[1] * height
    width, height = width * math.exp(delta[2]), height * math.exp(delta[3])
    return [x - width / 2, y - height / 2, x + width / 2, y + height / 2]


@given(st.lists(st.tuples(place, place, side, side, shift, shift, shift, shift), max_size=5))
def test_moved_boxes_are_those_of_the_formula(rows: list[tuple[float, ...]]) -> None:
    corners = [[x, y, x + width, y + height] for x, y, width, height, *_ in rows]
    boxes = np.array(corners, np.float32).reshape(-1, 4)
    deltas = np.array([row[4:] for row in rows], np.float32).reshape(-1, 4)
    found = apply_deltas(boxes, deltas)
    assert found.dtype == np.float32
    expected = [plain_deltas(*pair) for pair in zip(boxes.tolist(), deltas.tolist(), strict=True)]
    np.testing.assert_allclose(found, np.reshape(expected, (-1, 4)), rtol=1e-4, atol=1e-2)


def test_without_a_difference_a_box_stays_and_growth_is_capped() -> None:
    box = np.array([[1.0, 2.0, 3.0, 6.0]], np.float32)
    assert apply_deltas(box, np.zeros((1, 4), np.float32)).tolist() == box.tolist()
    left, top, right, bottom = apply_deltas(box, np.full((1, 4), 50.0, np.float32))[0].tolist()
    assert right - left == pytest.approx(2 * math.exp(LARGEST_GROWTH), rel=1e-5)
    assert bottom - top == pytest.approx(4 * 1000 / 16, rel=1e-5)
