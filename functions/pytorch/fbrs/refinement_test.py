"""The refinement: its gradient against finite differences, its stopping criteria, its effect."""

import numpy as np
import pytest
import torch
from torch import Tensor

from fbrs.network import FEATURES
from fbrs.refinement import Objective, changed, click_masks, minimise, unchanged
from fbrs.zoom import Click

SIZE = (12, 16)


def test_clicks_cover_three_by_three_pixels() -> None:
    masks = click_masks([Click(True, 4.6, 7.2), Click(False, 2, 2)], SIZE)
    assert masks.shape == (2, *SIZE)
    assert masks[0, 4:7, 6:9].all()
    assert masks[1, 1:4, 1:4].all()
    assert masks.sum() == 18


@pytest.mark.parametrize(
    ("row", "column", "rows", "columns"),
    [
        (11, 15.0, {10, 11}, {14, 15}),
        (1, 1, {0, 1, 2}, {0, 1, 2}),
        (0.4, 3, set(), set()),
        (3, 0, set(), set()),
        (-4, 3, {7, 8, 9}, {2, 3, 4}),
    ],
)
def test_clicks_at_the_border_and_beyond_are_as_in_the_authors_code(
    row: float, column: float, rows: set[int], columns: set[int]
) -> None:
    found = np.nonzero(click_masks([Click(True, row, column)], SIZE)[0])
    assert (set(found[0].tolist()), set(found[1].tolist())) == (rows, columns)


def test_features_are_scaled_and_shifted_by_channel() -> None:
    features = torch.ones(2, FEATURES, 1, 1)
    parameters = torch.arange(2 * FEATURES, dtype=torch.float32)
    result = changed(features, parameters)
    assert result[0, :, 0, 0].tolist() == [1 + s + s + FEATURES for s in range(FEATURES)]
    assert result[1].equal(result[0])


def objective(threshold: float = 0.5, clicks: tuple[Click, ...] = ()) -> Objective:
    torch.manual_seed(0)
    features = torch.randn(2, FEATURES, *SIZE)
    weights = torch.randn(FEATURES) / 8

    def logits(parameters: Tensor) -> Tensor:
        return (changed(features, parameters) * weights[:, None, None]).sum(1, keepdim=True)

    clicks = clicks or (Click(True, 3, 3), Click(False, 8, 12))
    masks = torch.from_numpy(np.stack([click_masks(clicks, SIZE)] * 2))
    return Objective(logits, masks, threshold)


def test_the_value_is_the_papers() -> None:
    judge = objective()
    parameters = np.linspace(-0.1, 0.1, 2 * FEATURES)
    value, _ = judge(parameters)
    assert judge.best is not None
    probabilities = judge.best.sigmoid().numpy()[:, 0]
    missed = np.mean([(1 - probabilities[n, 2:5, 2:5]) ** 2 for n in (0, 1)])
    wrong = np.mean([probabilities[n, 7:10, 11:14] ** 2 for n in (0, 1)])
    scale, shift = parameters[:FEATURES], parameters[FEATURES:]
    penalty = 1e-3 * ((scale**2).sum() + 10 * (shift**2).sum())
    assert value == pytest.approx(missed + wrong + penalty, rel=1e-4)


def test_the_gradient_is_that_of_the_value() -> None:
    _, gradient = objective(0.999)(unchanged())
    for index in (0, 5, FEATURES, 2 * FEATURES - 1):
        step = np.zeros(2 * FEATURES)
        step[index] = 0.05
        rise = objective(0.999)(step)[0] - objective(0.999)(-step)[0]
        assert gradient[index] == pytest.approx(rise / 0.1, rel=0.02, abs=1e-5)


def test_nothing_more_is_done_where_all_clicks_are_right() -> None:
    judge = objective(0.5)
    parameters = minimise(judge, unchanged())
    value, gradient = judge(parameters)
    assert not gradient.any()
    assert value < objective()(unchanged())[0]
    assert judge.best is not None
    mask = judge.best.sigmoid() > 0.5
    assert mask[:, 0, 2:5, 2:5].all()
    assert not mask[:, 0, 7:10, 11:14].any()


def test_a_mask_that_no_longer_changes_ends_it() -> None:
    judge = objective(0.9)
    assert judge(unchanged())[1].any()
    assert not judge(unchanged())[1].any()


def test_no_more_than_twenty_or_so_evaluations() -> None:
    judge = objective(0.999)
    calls = []

    def counted(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        calls.append(1)
        judge._last = None
        return judge(parameters)

    minimise(counted, unchanged())  # type: ignore[arg-type]
    # A line search that has started is completed.
    assert 15 <= len(calls) <= 40
