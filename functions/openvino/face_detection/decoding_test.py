"""Anchors, boxes and merging, on made-up numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from face_detection.decoding import Faces, anchors, decode, merge


def test_anchors_lie_in_the_middle_of_their_cells() -> None:
    every = anchors()
    assert every.shape == (896, 2)
    # 16 x 16 cells of 8 pixels with two anchors, then 8 x 8 of 16 with six.
    assert every[:4].tolist() == [[4, 4], [4, 4], [12, 4], [12, 4]]
    assert every[32].tolist() == [4, 12]
    assert every[511].tolist() == [124, 124]
    assert every[512:519].tolist() == [[8, 8]] * 6 + [[24, 8]]
    assert every[512 + 48].tolist() == [8, 24]
    assert every[895].tolist() == [120, 120]
    np.testing.assert_allclose(every.mean(axis=0), 64)


def network(
    *faces: tuple[int, float, tuple[float, float, float, float]],
) -> tuple[np.ndarray, np.ndarray]:
    """The network's output: (anchor, logit, (x, y, width, height)), nothing elsewhere."""
    regressors = np.full((896, 16), 1000, np.float32)
    logits = np.full(896, -100, np.float32)
    for anchor, logit, box in faces:
        regressors[anchor, :4] = box
        logits[anchor] = logit
    return regressors, logits


def test_a_box_is_relative_to_its_anchor_best_first() -> None:
    faces = decode(*network((0, 1.0, (2, 3, 10, 20)), (895, 2.0, (-20, 0, 8, 4))), 0.5)
    assert faces.boxes.tolist() == [[96, 118, 104, 122], [1, -3, 11, 17]]
    assert faces.scores == pytest.approx([1 / (1 + np.exp(-2)), 1 / (1 + np.exp(-1))])


@pytest.mark.parametrize(("logit", "count"), [(0.0, 1), (-0.001, 0), (1e30, 1), (-1e30, 0)])
def test_the_threshold_is_enough(logit: float, count: int) -> None:
    with np.errstate(over="raise"):
        assert len(decode(*network((5, logit, (0, 0, 1, 1))), 0.5).boxes) == count


def test_boxes_on_one_face_are_averaged_by_score() -> None:
    faces = Faces(
        np.array([[0, 0, 10, 10], [2, 0, 12, 10], [50, 50, 60, 60]], np.float32),
        np.array([0.9, 0.6, 0.5], np.float32),
    )
    merged = merge(faces, 0.3)
    expected = np.array([(0.8, 0, 10.8, 10), (50, 50, 60, 60)])
    np.testing.assert_allclose(merged.boxes, expected, rtol=1e-6)
    assert merged.scores == pytest.approx([0.9, 0.5])


def test_what_lies_on_a_worse_box_only_is_another_face() -> None:
    # The third overlaps the second, which has been merged by then.
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10]], np.float32)
    merged = merge(Faces(boxes, np.array([0.9, 0.8, 0.7], np.float32)), 0.3)
    assert merged.scores == pytest.approx([0.9, 0.7])
    np.testing.assert_allclose(merged.boxes[1], boxes[2])


def test_no_faces_and_boxes_without_area_are_none() -> None:
    nothing = Faces(np.empty((0, 4), np.float32), np.empty(0, np.float32))
    assert merge(nothing, 0.3).boxes.shape == (0, 4)
    empty = Faces(np.array([[5, 5, 5, 9], [9, 9, 3, 3]], np.float32), np.ones(2, np.float32))
    assert merge(empty, 0.3).boxes.shape == (0, 4)


BOXES = st.lists(st.tuples(*[st.integers(0, 60)] * 2, *[st.integers(1, 60)] * 2), max_size=12)


@given(boxes=BOXES, overlap=st.floats(0, 1), seed=st.integers(0, 100))
def test_merging_keeps_the_best_and_stays_among_the_boxes(
    boxes: list[tuple[int, ...]], overlap: float, seed: int
) -> None:
    corners = np.array([(x, y, x + w, y + h) for x, y, w, h in boxes], np.float32).reshape(-1, 4)
    scores = -np.sort(-np.random.default_rng(seed).uniform(0.1, 1, len(boxes)).astype(np.float32))
    merged = merge(Faces(corners, scores), overlap)
    assert len(merged.boxes) <= len(corners)
    if boxes:
        assert merged.scores[0] == scores[0]
        assert set(merged.scores.tolist()) <= set(scores.tolist())
        assert (np.diff(merged.scores) <= 0).all()
        assert (merged.boxes >= corners.min(axis=0) - 1e-3).all()
        assert (merged.boxes <= corners.max(axis=0) + 1e-3).all()
