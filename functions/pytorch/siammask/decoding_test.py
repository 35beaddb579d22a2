"""Anchors, penalties and the choice of a position."""

import math

import numpy as np
import pytest

from siammask.decoding import anchors, change_penalty, choose, held_to, window
from siammask.geometry import Target

TARGET = Target(200, 100, 64, 64)


def test_anchors_are_cut_to_multiples_of_eight() -> None:
    table = anchors().reshape(4, 5, 25, 25)
    sizes = table[2:, :, 0, 0].T.tolist()
    assert sizes == [[104, 32], [88, 40], [64, 64], [40, 80], [32, 96]]
    assert (table[2:] == table[2:, :, :1, :1]).all()


def test_anchors_lie_eight_pixels_apart_around_the_middle() -> None:
    x, y = anchors().reshape(4, 5, 25, 25)[:2]
    for row, column in ((0, 0), (12, 12), (3, 20)):
        assert (x[:, row, column] == (column - 12) * 8).all()
        assert (y[:, row, column] == (row - 12) * 8).all()


def test_the_window_is_a_product_of_two_cosines() -> None:
    table = window().reshape(5, 25, 25)
    for row, column in ((12, 12), (0, 5), (6, 12), (3, 17)):
        rise, run = (0.5 - 0.5 * math.cos(2 * math.pi * n / 24) for n in (row, column))
        assert table[:, row, column] == pytest.approx([rise * run] * 5)


def test_the_penalty_is_the_papers() -> None:
    def penalty(width: float, height: float) -> float:
        sides = np.array([width], np.float32), np.array([height], np.float32)
        return float(change_penalty(*sides, 64, 64)[0])

    assert penalty(64, 64) == 1
    # Twice the size, the same proportions; and half of it.
    assert penalty(128, 128) == pytest.approx(math.exp(-0.04))
    assert penalty(32, 32) == pytest.approx(math.exp(-0.04))
    # (40 + 60)(80 + 60) = 14000 against 128 * 128; aspect ratio 1 against 1/2.
    assert penalty(40, 80) == pytest.approx(math.exp(-0.04 * (2 * 128 / 14000**0.5 - 1)))


def test_the_best_place_moves_and_sizes_the_target() -> None:
    scores = np.zeros((5, 25, 25), np.float32)
    deltas = np.zeros((4, 5, 25, 25), np.float32)
    scores[2, 10, 15] = 0.9
    deltas[:, 2, 10, 15] = (0.25, -0.5, math.log(2), 0)
    best = choose(scores, deltas, TARGET, 0.5)

    assert best is not None
    assert (best.row, best.column) == (10, 15)
    # The anchor of 64x64 at 24, -16; the target is 32x32 in the search image.
    width, height = 128, 64
    assert best.target.x == pytest.approx(200 + (24 + 0.25 * 64) / 0.5)
    assert best.target.y == pytest.approx(100 + (-16 - 0.5 * 64) / 0.5)
    margin = (width + height) / 2
    growth = math.sqrt((width + margin) * (height + margin)) / 64
    rate = 0.9 * math.exp(-0.04 * (2 * growth - 1))
    assert best.target.width == pytest.approx(64 * (1 - rate) + width / 0.5 * rate)
    assert best.target.height == pytest.approx(64 * (1 - rate) + height / 0.5 * rate)


def test_without_any_score_it_stays_in_the_middle() -> None:
    zeros = np.zeros((5, 25, 25), np.float32)
    best = choose(zeros, np.zeros((4, 5, 25, 25), np.float32), TARGET, 1.0)
    assert best is not None
    assert (best.row, best.column, best.target) == (12, 12, TARGET)


def test_boxes_that_are_no_numbers_are_passed_over() -> None:
    scores = np.full((5, 25, 25), 0.5, np.float32)
    deltas = np.zeros((4, 5, 25, 25), np.float32)
    deltas[2, :, 12, 12] = 1000
    scores[0, 3, 3] = np.nan
    best = choose(scores, deltas, TARGET, 1.0)
    assert best is not None
    assert (best.row, best.column) != (12, 12)
    assert choose(np.full_like(scores, np.nan), deltas, TARGET, 1.0) is None


def test_targets_are_held_to_the_image() -> None:
    assert held_to(Target(-5, 700, 3, 900), (640, 480)) == (0, 480, 10, 480)
    assert held_to(Target(5, 70, 30, 90), (640, 480)) == (5, 70, 30, 90)
