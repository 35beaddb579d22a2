"""Anchors and decoding against hand-computed values and plain loops."""

import math

import numpy as np
import pytest

from modelyard.inference.boxes import iou_matrix
from retinanet_r101.anchors import anchors, shapes
from retinanet_r101.decode import STRIDES, Objects, Seen, decode, least_logit

ALL = np.ones(80, np.bool_)
SIZE = (96, 64)


def test_anchors_by_hand() -> None:
    """Stride 8: sides of 32 * 2^(0, 1/3, 2/3), height by width 0.5, 1, 2."""
    nine = shapes(8)
    assert nine.shape == (9, 4)
    half = 16 * math.sqrt(2)
    assert nine[0].tolist() == pytest.approx([-half, -half / 2, half, half / 2])
    assert nine[1].tolist() == [-16, -16, 16, 16]
    assert nine[2].tolist() == pytest.approx([-half / 2, -half, half / 2, half])
    side = 16 * 2 ** (2 / 3)
    assert nine[7].tolist() == pytest.approx([-side, -side, side, side])
    assert shapes(128)[1].tolist() == [-256, -256, 256, 256]
    areas = (nine[:, 2:] - nine[:, :2]).prod(axis=1)
    assert areas.tolist() == pytest.approx(np.repeat([1024 * 4 ** (n / 3) for n in range(3)], 3))


def test_anchors_start_at_the_corners_of_cells_row_by_row() -> None:
    boxes = anchors(16, 2, 3)
    assert boxes.shape == (2 * 3 * 9, 4)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    expected = [(16.0 * x, 16.0 * y) for y in range(2) for x in range(3) for _ in range(9)]
    np.testing.assert_allclose(centres, expected, atol=1e-4, rtol=0)


def cells(stride: int) -> tuple[int, int]:
    return math.ceil(SIZE[0] / stride), math.ceil(SIZE[1] / stride)


def random_maps() -> list[Seen]:
    """Outputs for an input of `SIZE`, for every anchor."""
    generator = np.random.default_rng(5)
    maps = []
    for stride in STRIDES:
        count = math.prod(cells(stride)) * 9
        logits = generator.standard_normal((count, 80), np.float32) * np.float32(1.5) - 3
        deltas = generator.standard_normal((count, 4), np.float32) * np.float32(0.3)
        deltas[0, 2] = 40
        logits[0, 0] = 5
        maps.append(Seen(np.arange(count), logits, deltas))
    return maps


def plain(maps: list[Seen], threshold: float, candidates: int, limit: int) -> Objects:
    """detectron2's sequence of steps, in loops."""
    found: list[tuple[float, int, list[float]]] = []
    for seen, stride in zip(maps, STRIDES, strict=True):
        rows = []
        for anchor, logits in enumerate(seen.logits.tolist()):
            scores = [1 / (1 + math.exp(-logit)) for logit in logits]
            rows += [(score, anchor, k) for k, score in enumerate(scores) if score >= threshold]
        for score, anchor, k in sorted(rows, reverse=True)[:candidates]:
            left, top, right, bottom = anchors(stride, *cells(stride))[anchor].tolist()
            dx, dy, dw, dh = seen.deltas[anchor].tolist()
            width, height = right - left, bottom - top
            x, y = left + width / 2 + dx * width, top + height / 2 + dy * height
            width *= math.exp(min(dw, math.log(1000 / 16)))
            height *= math.exp(min(dh, math.log(1000 / 16)))
            box = [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
            found.append((score, k, box))
    found.sort(key=lambda item: -item[0])
    overlaps = iou_matrix(*(np.array([box for _, _, box in found]),) * 2)
    kept: list[int] = []
    for i, (_, k, _) in enumerate(found):
        if all(found[j][1] != k or overlaps[i, j] <= 0.5 for j in kept):
            kept.append(i)
    best = [found[i] for i in kept[:limit]]
    return Objects(
        np.array([box for _, _, box in best], np.float32).reshape(-1, 4),
        np.array([score for score, _, _ in best], np.float32),
        np.array([k for _, k, _ in best], np.int64),
    )


@pytest.mark.parametrize(
    ("threshold", "candidates", "limit"), [(0.3, 1000, 100), (0.05, 60, 100), (0.0, 50, 20)]
)
def test_objects_are_those_of_the_plain_loops(
    threshold: float, candidates: int, limit: int
) -> None:
    maps = random_maps()
    expected = plain(maps, threshold, candidates, limit)
    found = decode(
        maps, SIZE, threshold, candidates=candidates, overlap=0.5, limit=limit, classes=ALL
    )
    assert len(expected.boxes) > 10
    assert found.classes.tolist() == expected.classes.tolist()
    np.testing.assert_allclose(found.scores, expected.scores, rtol=1e-5)
    np.testing.assert_allclose(found.boxes, expected.boxes, rtol=1e-5, atol=1e-2)


@pytest.mark.parametrize("threshold", [0.0, 0.6, 0.9])
def test_what_cannot_reach_the_threshold_may_be_left_out(threshold: float) -> None:
    maps = random_maps()
    some = []
    for seen in maps:
        rows = np.flatnonzero(seen.logits.max(axis=1) >= least_logit(threshold))
        some.append(Seen(rows, seen.logits[rows], seen.deltas[rows]))
    left_out = sum(len(seen.rows) for seen in maps) - sum(len(part.rows) for part in some)
    assert (left_out > 0) == (threshold > 0)
    every, found = (
        decode(given, SIZE, threshold, candidates=100, overlap=0.5, limit=100, classes=ALL)
        for given in (maps, some)
    )
    assert np.array_equal(found.boxes, every.boxes)
    assert np.array_equal(found.classes, every.classes)
    assert np.array_equal(found.scores, every.scores)


def test_unwanted_classes_take_no_places() -> None:
    wanted = np.arange(80) < 3
    maps = random_maps()
    every = decode(maps, SIZE, 0.2, candidates=1000, overlap=0.5, limit=10**6, classes=ALL)
    some = decode(maps, SIZE, 0.2, candidates=1000, overlap=0.5, limit=10, classes=wanted)
    expected = every.classes < 3
    assert some.classes.tolist() == every.classes[expected][:10].tolist()
    assert np.array_equal(some.boxes, every.boxes[expected][:10])


def test_only_certainty_passes_a_threshold_of_1() -> None:
    maps = random_maps()
    found = decode(maps, SIZE, 1.0, candidates=10, overlap=0.5, limit=10, classes=ALL)
    assert found.boxes.shape == (0, 4)
    assert len(found.scores) == len(found.classes) == 0
    maps[0].logits[20, 30] = 25
    found = decode(maps, SIZE, 1.0, candidates=10, overlap=0.5, limit=10, classes=ALL)
    assert (found.classes.tolist(), found.scores.tolist()) == ([30], [1.0])


def test_a_score_equal_to_the_threshold_passes() -> None:
    maps = random_maps()
    for seen in maps:
        seen.logits[:] = -10
    maps[0].logits[3, 5] = 0.0
    for threshold, count in ((0.5, 1), (0.500001, 0)):
        found = decode(maps, SIZE, threshold, candidates=9, overlap=0.5, limit=9, classes=ALL)
        assert found.classes.tolist() == [5] * count
