"""Counting and measuring requests."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.serving.server.http import Exchange
from modelyard_tools.embedded.meter import BUCKETS, Histogram, Meter


def _exchange(status: int = 200, seconds: float = 0.01) -> Exchange:
    return Exchange(request_id="a", method="POST", path="/", status=status, seconds=seconds)


@given(st.lists(st.floats(0, 1000)))
def test_a_histogram_counts_what_is_not_above_each_bound(values: list[float]) -> None:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    counts = dict(histogram.cumulative())
    assert counts == {
        bound: sum(value <= bound for value in values) for bound in (*BUCKETS, math.inf)
    }
    assert histogram.sum == pytest.approx(sum(values))


def test_errors_are_statuses_from_400_on() -> None:
    meter = Meter()
    for status in (200, 204, 399, 400, 499, 503):
        meter.observe(_exchange(status))
    assert (meter.requests, meter.errors) == (6, 3)


def test_quantiles_are_of_the_last_requests() -> None:
    meter = Meter()
    assert meter.quantile(0.5) is None
    for number in range(1, 101):
        meter.observe(_exchange(seconds=float(number)))
    assert (meter.quantile(0.5), meter.quantile(0.95), meter.quantile(1.0)) == (50, 95, 100)
    for _ in range(1000):
        meter.observe(_exchange(seconds=1.0))
    assert meter.quantile(1.0) == 1.0
