from __future__ import annotations

from modelyard_pants.weights.recent_failures import RecentFailures


def test_a_reason_is_returned_while_it_is_recent() -> None:
    now = [1000.0]
    failures = RecentFailures(clock=lambda: now[0])
    assert failures.within(300, "a") is None
    failures.remember("a", "no server")
    assert (failures.within(300, "a"), failures.within(300, "b")) == ("no server", None)
    now[0] += 299
    assert failures.within(300, "a") == "no server"
    now[0] += 1
    assert failures.within(300, "a") is None


def test_with_zero_seconds_nothing_is_returned() -> None:
    failures = RecentFailures(clock=lambda: 1000.0)
    failures.remember("a", "no server")
    assert failures.within(0, "a") is None


def test_the_last_reason_counts() -> None:
    failures = RecentFailures(clock=lambda: 1000.0)
    failures.remember("a", "no server")
    failures.remember("a", "not the right digest")
    assert failures.within(1, "a") == "not the right digest"
