"""The operators compared with naive loops and with values computed by hand.

The loops follow torchvision's documentation and He et al. 2017; they share no code with the
operators.
"""

import math
from importlib import import_module

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from modelyard.models.detectron2 import operators
from modelyard.models.detectron2.operators import nms, roi_align

# Not importable earlier.
operators.provide_operators()
ops = import_module("torchvision.ops")

Map = NDArray[np.float64]


def test_torchvision_uses_them() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [1, 0, 11, 10], [20, 20, 30, 30]])
    scores = torch.tensor([0.5, 0.9, 0.1])
    assert ops.nms(boxes, scores, 0.5).tolist() == [1, 2]
    square = ops.roi_align(
        torch.ones(1, 1, 4, 4), torch.tensor([[0.0, 0, 0, 4, 4]]), (2, 2), aligned=True
    )
    assert square.tolist() == [[[[1, 1], [1, 1]]]]


def test_the_second_call_changes_nothing() -> None:
    library = operators._library
    operators.provide_operators()
    assert operators._library is library


def test_overlap_at_the_threshold_does_not_suppress() -> None:
    """The second shares 50 of 150 with the first: 1/3, which float32 rounds up."""
    boxes = torch.tensor([[0.0, 0, 10, 10], [5, 0, 15, 10]])
    scores = torch.tensor([0.9, 0.8])
    third = float(np.float32(1) / np.float32(3))
    assert nms(boxes, scores, third).tolist() == [0, 1]
    assert nms(boxes, scores, third - 1e-6).tolist() == [0]


def test_of_equal_scores_the_first_stays() -> None:
    boxes = torch.tensor([[0.0, 0, 9, 9]]).repeat(4, 1)
    assert nms(boxes, torch.tensor([0.5, 0.7, 0.7, 0.5]), 0.5).tolist() == [1]
    apart = boxes + torch.arange(4.0)[:, None] * 20
    assert nms(apart, torch.full((4,), 0.5), 0.5).tolist() == [0, 1, 2, 3]


def test_what_is_suppressed_suppresses_nobody() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]])
    assert nms(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.4).tolist() == [0, 2]


def test_boxes_without_area_stay_and_none_gives_none() -> None:
    boxes = torch.tensor([[5.0, 5, 5, 5], [5, 5, 5, 5], [0, 0, 10, 10]])
    assert nms(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.1).tolist() == [0, 1, 2]
    empty = nms(torch.zeros(0, 4), torch.zeros(0), 0.5)
    assert (empty.dtype, empty.tolist()) == (torch.int64, [])


def plain_nms(boxes: list[list[float]], scores: list[float], overlap: float) -> list[int]:
    def shared(a: list[float], b: list[float]) -> float:
        width = min(a[2], b[2]) - max(a[0], b[0])
        height = min(a[3], b[3]) - max(a[1], b[1])
        return max(0.0, width) * max(0.0, height)

    def area(box: list[float]) -> float:
        return (box[2] - box[0]) * (box[3] - box[1])

    kept: list[int] = []
    for i in sorted(range(len(boxes)), key=lambda i: -scores[i]):
        for j in kept:
            both = shared(boxes[i], boxes[j])
            union = area(boxes[i]) + area(boxes[j]) - both
            if union and both / union > overlap:
                break
        else:
            kept.append(i)
    return kept


whole = st.integers(0, 12)
box = st.tuples(whole, whole, whole, whole).map(
    lambda b: [float(min(b[0], b[2])), float(min(b[1], b[3])), *map(float, sorted(b)[-2:])]
)
scored = st.lists(st.tuples(box, st.integers(0, 4).map(lambda n: n / 4)), max_size=24)


@settings(max_examples=200, deadline=None)
@given(scored, st.sampled_from([0.0, 0.3, 0.55, 0.9]))
def test_nms_is_that_of_the_loop(rows: list[tuple[list[float], float]], overlap: float) -> None:
    boxes, scores = [row[0] for row in rows], [row[1] for row in rows]
    found = nms(torch.tensor(boxes).reshape(-1, 4), torch.tensor(scores), overlap)
    assert found.tolist() == plain_nms(boxes, scores, overlap)


@pytest.mark.parametrize("count", [200, 1500, 2600])
def test_many_boxes_and_classes(count: int) -> None:
    """More than are compared at once, and by both of torchvision's class-wise methods."""
    generator = np.random.default_rng(count)
    corners = generator.uniform(0, 100, (count, 2))
    boxes = np.concatenate((corners, corners + generator.uniform(5, 30, (count, 2))), axis=1)
    scores, classes = generator.permutation(count) / count, generator.integers(0, 3, count)
    expected = []
    for number in range(3):
        members = np.flatnonzero(classes == number)
        kept = plain_nms(boxes[members].tolist(), scores[members].tolist(), 0.45)
        expected += members[kept].tolist()
    found = ops.batched_nms(
        *(torch.from_numpy(array) for array in (boxes, scores, classes)), iou_threshold=0.45
    )
    assert found.tolist() == sorted(expected, key=lambda i: -scores[i])


def value_at(plane: Map, y: float, x: float) -> float:
    """The bilinear value at a point; pixels have whole coordinates."""
    height, width = plane.shape
    if not (-1 <= y <= height and -1 <= x <= width):
        return 0.0
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    top, left = int(y), int(x)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    down, across = y - top, x - left
    upper = plane[top, left] * (1 - across) + plane[top, right] * across
    lower = plane[bottom, left] * (1 - across) + plane[bottom, right] * across
    return float(upper * (1 - down) + lower * down)


def plain_roi_align(  # noqa: PLR0917
    plane: Map, region: list[float], scale: float, size: int, sampling: int, aligned: bool
) -> Map:
    offset = 0.5 if aligned else 0.0
    left, top, right, bottom = (edge * scale - offset for edge in region)
    width, height = right - left, bottom - top
    if not aligned:
        width, height = max(width, 1.0), max(height, 1.0)
    down = sampling if sampling > 0 else math.ceil(height / size)
    across = sampling if sampling > 0 else math.ceil(width / size)
    wide, high = width / size, height / size
    pooled = np.zeros((size, size))
    for row in range(size):
        for column in range(size):
            values = [
                value_at(
                    plane,
                    top + row * high + (i + 0.5) * high / down,
                    left + column * wide + (j + 0.5) * wide / across,
                )
                for i in range(down)
                for j in range(across)
            ]
            pooled[row, column] = sum(values) / max(1, len(values))
    return pooled


REGIONS = [
    [0, 3.2, 5.1, 21.7, 18.9],
    [1, -6.0, -9.0, 60.0, 44.0],
    [0, 8.0, 8.0, 8.5, 30.0],
    [1, 30.0, 22.0, 47.9, 31.9],
    [1, 12.0, 6.0, 12.0, 6.0],
]


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("sampling", [0, 2])
@pytest.mark.parametrize(("scale", "size"), [(1.0, 3), (0.25, 2)])
def test_roi_align_is_that_of_the_loop(
    aligned: bool, sampling: int, scale: float, size: int
) -> None:
    features = np.random.default_rng(4).standard_normal((2, 3, 32, 48))
    found = roi_align(
        torch.from_numpy(features).float(),
        torch.tensor(REGIONS),
        scale,
        size,
        size,
        sampling,
        aligned,
    )
    assert found.shape == (len(REGIONS), 3, size, size)
    for region, pooled in zip(REGIONS, found.numpy(), strict=True):
        for channel in range(3):
            plane = features[int(region[0]), channel]
            expected = plain_roi_align(plane, region[1:], scale, size, sampling, aligned)
            np.testing.assert_allclose(pooled[channel], expected, atol=2e-5)


def test_roi_align_by_hand() -> None:
    """A slope of 1 to the right: cells have the value at their centre, less half a pixel."""
    slope = torch.arange(8.0).repeat(8, 1)[None, None]
    region = torch.tensor([[0.0, 2, 2, 6, 6]])
    aligned = roi_align(slope, region, 1.0, 2, 2, 0, True)
    assert aligned.tolist() == [[[[2.5, 4.5], [2.5, 4.5]]]]
    legacy = roi_align(slope, region, 1.0, 2, 2, 0, False)
    assert legacy.tolist() == [[[[3.0, 5.0], [3.0, 5.0]]]]
    half = roi_align(slope, torch.tensor([[0.0, 4, 4, 12, 12]]), 0.5, 2, 2, 2, True)
    assert half.tolist() == [[[[2.5, 4.5], [2.5, 4.5]]]]


def test_roi_align_keeps_dtypes_and_takes_no_regions() -> None:
    features = torch.ones(1, 2, 4, 4, dtype=torch.float16)
    none = roi_align(features, torch.zeros(0, 5), 1.0, 7, 7, 0, True)
    assert (none.shape, none.dtype) == ((0, 2, 7, 7), torch.float16)
