"""The health check, run as an engine runs it, against a server that counts requests.

A check that waits sends two requests, and answers with the result of the second.
"""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from modelyard_tools.images.layers import health_check

NEVER = "86400"
SOON = "0.01"
READY, NOT, STILL, NO_LONGER = "ready", "not ready", "still ready", "no longer ready"
# Only a faulty check takes this long, in seconds.
HANGS = 60


class Function(ThreadingHTTPServer):
    """A health port that answers with `statuses` in turn, and then keeps to the last."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.asked = 0
        super().__init__(("127.0.0.1", 0), Ready)

    def status(self) -> int:
        self.asked += 1
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


class Ready(BaseHTTPRequestHandler):
    server: Function

    def do_GET(self) -> None:
        self.send_response(self.server.status() if self.path == "/ready" else 404)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def serving(*statuses: int) -> Iterator[Function]:
    with Function(*statuses) as function:
        threading.Thread(target=function.serve_forever).start()
        try:
            yield function
        finally:
            function.shutdown()


def check(port: int, folder: Path, seconds: str) -> str:
    """Run a check; return its output, which agrees with its exit code."""
    script = health_check.__file__
    command = [sys.executable, "-I", "-S", script, str(port), seconds, str(folder)]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True, timeout=HANGS)
    output = done.stdout.strip()
    assert done.returncode == {READY: 0, STILL: 0, NOT: 1, NO_LONGER: 1}[output]
    return output


def test_the_first_success_is_reported_at_once(tmp_path: Path) -> None:
    with serving(503, 503, 200) as function:
        port = function.server_port
        assert [check(port, tmp_path, NEVER) for _ in range(3)] == [NOT, NOT, READY]
        assert function.asked == 3


def test_later_checks_ask_after_the_wait(tmp_path: Path) -> None:
    with serving(200, 200, 503) as function:
        assert check(function.server_port, tmp_path, NEVER) == READY
        assert check(function.server_port, tmp_path, SOON) == NO_LONGER
        assert function.asked == 3


def test_while_it_is_ready_each_check_asks_before_and_after(tmp_path: Path) -> None:
    with serving(200) as function:
        assert check(function.server_port, tmp_path, NEVER) == READY
        assert [check(function.server_port, tmp_path, SOON) for _ in range(2)] == [STILL, STILL]
        assert function.asked == 1 + 2 * 2


def test_a_failure_and_the_recovery_are_reported_at_once(tmp_path: Path) -> None:
    with serving(200, 503, 503, 200) as function:
        port = function.server_port
        assert [check(port, tmp_path, NEVER) for _ in range(4)] == [READY, NOT, NOT, READY]
        assert function.asked == 4


def test_a_function_that_has_ended_meanwhile_is_not_ready(tmp_path: Path) -> None:
    with serving(200) as function:
        port = function.server_port
        assert check(port, tmp_path, NEVER) == READY
    assert check(port, tmp_path, NEVER) == NOT


def test_a_function_that_hangs_is_not_ready(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        assert check(hanging.getsockname()[1], tmp_path, NEVER) == NOT


def test_one_that_hangs_up_is_not_ready(tmp_path: Path) -> None:
    def hang_up() -> None:
        listener.accept()[0].close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=hang_up).start()
        assert check(listener.getsockname()[1], tmp_path, NEVER) == NOT


@pytest.mark.parametrize("folder", ["missing", "file"])
def test_without_a_writable_folder_no_check_waits(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with serving(200) as function:
        outputs = [check(function.server_port, tmp_path / folder, NEVER) for _ in range(2)]
        assert outputs == [READY, READY]
        assert function.asked == 2


def test_another_start_is_another_mark(tmp_path: Path) -> None:
    """A record of another container that shares the folder does not count."""
    with serving(200) as function:
        port = function.server_port
        assert check(port, tmp_path, NEVER) == READY
        [mark] = tmp_path.iterdir()
        assert str(os.stat("/proc/self/ns/pid").st_ino) in mark.name
        mark.rename(mark.with_name(f"{mark.name}0"))
        assert check(port, tmp_path, NEVER) == READY
        assert function.asked == 2


def test_it_imports_nothing_that_takes_long(tmp_path: Path) -> None:
    options = ["-I", "-S", "-X", "importtime"]
    command = [sys.executable, *options, health_check.__file__, "1", NEVER, str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "_socket" in imported
    assert not {"socket", "re", "enum"} & imported
