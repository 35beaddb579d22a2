from __future__ import annotations

from modelyard_pants.weights.setbacks import Setbacks


def test_a_reason_is_given_for_as_long_as_it_is_fresh() -> None:
    now = [1000.0]
    setbacks = Setbacks(clock=lambda: now[0])
    assert setbacks.within(300, "a") is None
    setbacks.remember("a", "no server")
    assert (setbacks.within(300, "a"), setbacks.within(300, "b")) == ("no server", None)
    now[0] += 299
    assert setbacks.within(300, "a") == "no server"
    now[0] += 1
    assert setbacks.within(300, "a") is None


def test_no_time_is_no_memory() -> None:
    setbacks = Setbacks(clock=lambda: 1000.0)
    setbacks.remember("a", "no server")
    assert setbacks.within(0, "a") is None


def test_the_last_reason_counts() -> None:
    setbacks = Setbacks(clock=lambda: 1000.0)
    setbacks.remember("a", "no server")
    setbacks.remember("a", "not the right digest")
    assert setbacks.within(1, "a") == "not the right digest"
