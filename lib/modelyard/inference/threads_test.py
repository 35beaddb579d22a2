"""Workers share the cores."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.inference.threads import (
    available_cores,
    cores_of_quota,
    thread_env,
    threads_from_env,
    threads_per_worker,
    wait_asleep,
)


@given(st.integers(1, 64), st.integers(1, 256))
def test_workers_together_use_no_more_than_all_cores(workers: int, cores: int) -> None:
    threads = threads_per_worker(workers, cores)
    assert threads >= 1
    assert threads * workers <= max(cores, workers)
    assert (threads + 1) * workers > cores


def test_there_must_be_a_worker() -> None:
    with pytest.raises(ValueError, match="at least one worker"):
        threads_per_worker(0)


@pytest.mark.parametrize(
    ("text", "cores"),
    [
        ("max 100000\n", None),
        ("200000 100000\n", 2),
        ("150000 100000", 2),
        ("1000 100000", 1),
        ("", None),
        ("100000", None),
        ("100000 0", None),
    ],
)
def test_quotas_of_containers(text: str, cores: int | None) -> None:
    assert cores_of_quota(text) == cores


def test_the_affinity_of_the_process_counts() -> None:
    assert 1 <= available_cores() <= len(os.sched_getaffinity(0))
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert available_cores() == 1
        assert threads_per_worker(1) == 1
    finally:
        os.sched_setaffinity(0, before)


def test_the_environment_of_a_worker_says_it() -> None:
    env = thread_env(3)
    assert env["OMP_NUM_THREADS"] == "3"
    assert threads_from_env(env) == 3
    assert threads_from_env({}) == threads_from_env({"MODELYARD_THREADS": ""}) == available_cores()


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "\u0663"])
def test_a_bad_number_is_named(value: str) -> None:
    with pytest.raises(ValueError, match="MODELYARD_THREADS must be a whole number above 0"):
        threads_from_env({"MODELYARD_THREADS": value})


@pytest.mark.parametrize(
    ("given", "after"),
    [
        ({}, {"GOMP_SPINCOUNT": "1000"}),
        ({"GOMP_SPINCOUNT": "7"}, {"GOMP_SPINCOUNT": "7"}),
        ({"OMP_WAIT_POLICY": "active"}, {"OMP_WAIT_POLICY": "active"}),
    ],
)
def test_waiting_threads_sleep_unless_the_operator_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], after: dict[str, str]
) -> None:
    names = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    for name in names:
        # Set first, so that it is put back afterwards.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    wait_asleep()
    assert {name: os.environ[name] for name in names if name in os.environ} == after
