"""Tests of the command line tool, as the build runs it: in its own process."""

import io
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from modelyard_tools.weights.conftest import CONTENT, Site
from modelyard_tools.weights.sources import fetch
from modelyard_tools.weights.sources.clients import python_environment


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    folders = ("--cache", str(tmp_path / "cache"), "--out", str(tmp_path / "out"))
    return [sys.executable, "-m", fetch.__name__, "--spec", str(tmp_path / "spec.json"), *folders]


def run(command: list[str], **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, env=python_environment() | env, check=False
    )


def start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=python_environment())


def tarball() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as bundle:
        for name in ("package/model.bin", "package/unwanted", "../evil"):
            entry = tarfile.TarInfo(name)
            entry.size = len(CONTENT)
            bundle.addfile(entry, io.BytesIO(CONTENT))
    return buffer.getvalue()


def test_a_bare_file_keeps_its_name(
    site: Site, write_spec: Callable[..., Path], command: list[str], tmp_path: Path
) -> None:
    write_spec(site.serve("/dir/m.onnx"))
    ended = run(command)
    assert (ended.returncode, ended.stdout) == (0, "")
    assert (tmp_path / "out" / "m.onnx").read_bytes() == CONTENT
    assert ended.stderr.startswith("model: fetching 1.5 MB from http://127.0.0.1:")
    assert ended.stderr.endswith("model: 1.5 MB fetched and verified\n")


def test_the_second_run_needs_no_network_and_says_nothing(
    site: Site, write_spec: Callable[..., Path], command: list[str], tmp_path: Path
) -> None:
    write_spec(site.serve("/m.onnx"))
    run(command)
    site.close()
    (tmp_path / "out" / "m.onnx").unlink()
    ended = run(command)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (tmp_path / "out" / "m.onnx").read_bytes() == CONTENT


def test_without_a_folder_only_the_cache_is_filled(
    site: Site, write_spec: Callable[..., Path], command: list[str], tmp_path: Path
) -> None:
    write_spec(site.serve("/m.onnx"))
    assert run(command[:-2]).returncode == 0
    assert not (tmp_path / "out").exists()
    site.close()
    assert run(command).returncode == 0
    assert (tmp_path / "out" / "m.onnx").read_bytes() == CONTENT


def test_only_named_members_leave_the_archive(
    site: Site, write_spec: Callable[..., Path], command: list[str], tmp_path: Path
) -> None:
    content = tarball()
    members = {"package/model.bin": "weights/m.bin"}
    write_spec(site.serve("/m.tgz", content=content), content, members=members)
    assert run(command).returncode == 0
    files = [
        path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == CONTENT
    ]
    assert files == [tmp_path / "out" / "weights" / "m.bin"]


def test_a_missing_member_is_reported_as_an_error_in_the_spec(
    site: Site, write_spec: Callable[..., Path], command: list[str]
) -> None:
    content = tarball()
    write_spec(site.serve("/m.tgz", content=content), content, members={"model.bin": "m"})
    ended = run(command)
    assert ended.returncode == 1
    assert (
        "the archive does not contain model.bin; correct its `members`"
        in ended.stderr.splitlines()[-1]
    )


def test_a_failure_ends_with_one_line_that_explains_it(
    site: Site, write_spec: Callable[..., Path], command: list[str], tmp_path: Path
) -> None:
    write_spec(site.url("/none.onnx"))
    ended = run(command)
    assert ended.returncode == 1
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("model: its weights could not be fetched from http://127.0.0.1:")
    assert "HTTP 404 Not Found" in last
    assert "MODELYARD_WEIGHTS_MIRROR" in last
    assert not (tmp_path / "out").exists()


def test_a_mirror_folder_in_the_environment(
    write_spec: Callable[..., Path], command: list[str], tmp_path: Path
) -> None:
    write_spec("https://unreachable.invalid/m.onnx")
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "m.onnx").write_bytes(CONTENT)
    assert run(command, MODELYARD_WEIGHTS_MIRROR=str(mirror)).returncode == 0
    assert (tmp_path / "out" / "m.onnx").read_bytes() == CONTENT


def test_a_folder_that_cannot_be_written_is_named(
    site: Site, write_spec: Callable[..., Path], command: list[str], tmp_path: Path
) -> None:
    write_spec(site.serve("/m.onnx"))
    (tmp_path / "cache").write_text("not a folder")
    ended = run(command)
    assert ended.returncode == 1
    assert str(tmp_path / "cache") in ended.stderr.splitlines()[-1]


def test_two_processes_fetch_a_file_once(
    site: Site, write_spec: Callable[..., Path], command: list[str], tmp_path: Path
) -> None:
    gate = threading.Event()
    write_spec(site.serve("/m.onnx", gate=gate))
    with start(command) as first:
        assert site.requested.wait(60)
        with start(command) as second:
            assert second.stderr is not None
            assert "another process is fetching it" in second.stderr.readline()
            gate.set()
            assert (first.wait(60), second.wait(60)) == (0, 0)
    assert len(site.requests) == 1
    assert (tmp_path / "out" / "m.onnx").read_bytes() == CONTENT


def test_a_killed_process_leaves_what_it_received_to_the_next(
    site: Site, write_spec: Callable[..., Path], command: list[str], tmp_path: Path
) -> None:
    gate = threading.Event()
    write_spec(site.serve("/m.onnx", gate=gate))
    with start(command) as first:
        assert first.stderr is not None
        while " MB of 1.5 MB" not in first.stderr.readline():
            assert first.poll() is None
        first.kill()
    gate.set()
    ended = run(command)
    assert ended.returncode == 0
    assert (tmp_path / "out" / "m.onnx").read_bytes() == CONTENT
    (_, nothing), (_, remainder) = site.requests
    assert nothing is None
    assert remainder is not None
    assert remainder.startswith("bytes=")


def test_an_interrupted_process_says_so_and_ends(
    site: Site, write_spec: Callable[..., Path], command: list[str]
) -> None:
    write_spec(site.serve("/m.onnx", gate=threading.Event()))
    with start(command) as process:
        assert site.requested.wait(60)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "interrupted; received data is kept for the next run"
