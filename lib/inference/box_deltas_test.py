"""Box coding against the formula of the paper, one box at a time."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.box_deltas import LARGEST_GROWTH, apply_deltas

place = st.floats(-500, 500, width=32)
side = st.floats(0.5, 300, width=32)
shift = st.floats(-2, 2, width=32)


def plain(box: list[float], delta: list[float]) -> list[float]:
    """The paper's formula."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    x = left + width / 2 + delta[0] * width
    y = top + height / 2 + delta[1] * height
    width, height = width * math.exp(delta[2]), height * math.exp(delta[3])
    return [x - width / 2, y - height / 2, x + width / 2, y + height / 2]


@settings(deadline=None)  # The first call of all starts torch up.
@given(st.lists(st.tuples(place, place, side, side, shift, shift, shift, shift), max_size=5))
def test_boxes_are_those_of_the_formula(rows: list[tuple[float, ...]]) -> None:
    boxes = [[x, y, x + width, y + height] for x, y, width, height, *_ in rows]
    deltas = [list(row[4:]) for row in rows]
    given_boxes = torch.tensor(boxes).reshape(-1, 4)
    result = apply_deltas(given_boxes, torch.tensor(deltas).reshape(-1, 4))
    expected = [plain(box, delta) for box, delta in zip(given_boxes.tolist(), deltas, strict=True)]
    torch.testing.assert_close(result, torch.tensor(expected).reshape(-1, 4), rtol=1e-4, atol=1e-2)


def test_without_a_difference_a_box_stays_and_growth_is_capped() -> None:
    box = torch.tensor([[1.0, 2.0, 3.0, 6.0]])
    assert apply_deltas(box, torch.zeros(1, 4)).tolist() == box.tolist()
    grown = apply_deltas(box, torch.full((1, 4), 50.0), largest_growth=LARGEST_GROWTH)[0]
    assert (grown[2] - grown[0]).item() == pytest.approx(2 * 1000 / 16, rel=1e-5)
    assert (grown[3] - grown[1]).item() == pytest.approx(4 * 1000 / 16, rel=1e-5)


def test_half_precision_is_decoded_in_full() -> None:
    box = torch.tensor([[1000.0, 1000.0, 1001.0, 1001.0]])
    moved = apply_deltas(box, torch.tensor([[0.125, 0, 0, 0]], dtype=torch.float16))
    assert moved.dtype == torch.float32
    assert moved[0].tolist() == [1000.125, 1000.0, 1001.125, 1001.0]
