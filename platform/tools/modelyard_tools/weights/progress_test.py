"""Tests of `modelyard_tools.weights.progress`."""

import io

import pytest

from modelyard_tools.weights.progress import Progress, megabytes


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def progress(clock: Clock, stream: io.StringIO) -> Progress:
    progress = Progress("model", stream, clock)
    progress.start(0)
    return progress


@pytest.mark.parametrize(
    ("size", "text"),
    [(17, "17 bytes"), (300_000, "0.3 MB"), (16_865_414, "16.9 MB"), (248_007_048, "248 MB")],
)
def test_sizes_are_readable(size: int, text: str) -> None:
    assert megabytes(size) == text


def test_a_line_for_each_tenth(progress: Progress, stream: io.StringIO) -> None:
    for size in range(0, 10_000_001, 100_000):
        progress.transferred(size, 10_000_000)
    lines = stream.getvalue().splitlines()
    assert [line.split("(")[1].split(")")[0] for line in lines] == [
        f"{share}%" for share in range(10, 100, 10)
    ]


def test_a_line_after_two_seconds_with_the_speed(
    progress: Progress, stream: io.StringIO, clock: Clock
) -> None:
    clock.now += 1.9
    progress.transferred(2_000_000, 100_000_000)
    assert stream.getvalue() == ""
    clock.now += 0.1
    progress.transferred(3_000_000, 100_000_000)
    assert stream.getvalue() == "model: 3.0 MB of 100 MB (3%), 1.5 MB/s\n"


def test_speed_counts_only_what_this_transfer_brought(stream: io.StringIO, clock: Clock) -> None:
    progress = Progress("model", stream, clock)
    progress.start(50_000_000)
    clock.now += 2
    progress.transferred(52_000_000, 100_000_000)
    assert stream.getvalue() == "model: 52.0 MB of 100 MB (52%), 1.0 MB/s\n"


def test_waiting_is_reported_every_two_seconds(
    progress: Progress, stream: io.StringIO, clock: Clock
) -> None:
    for _ in range(10):
        clock.now += 0.5
        progress.waiting("npm is running")
    assert stream.getvalue().splitlines() == [
        "model: npm is running, 2 s so far",
        "model: npm is running, 4 s so far",
    ]
