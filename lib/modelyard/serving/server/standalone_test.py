"""The standalone server as a separate process."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from modelyard.serving.conftest import SpecMaker, running
from modelyard.serving.protocol.sample import sample_request
from modelyard.serving.testing.tiny import write_assets


class Server:
    """A running server and its output."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def output(self) -> str:
        return self._log.read_text()

    def addresses(self) -> tuple[str, str]:
        """Wait for the ports and return both URLs."""
        for _ in range(3000):
            match = re.search(r"events on (\S+), health on (\S+)", self.output)
            if match:
                return match[1], match[2]
            assert self.process.poll() is None, self.output
            time.sleep(0.01)
        raise AssertionError(self.output)


Start = Callable[..., Server]


@pytest.fixture
def start(make_spec: SpecMaker, tmp_path: Path) -> Iterator[Start]:
    """Start servers for a handler in source text, by default for the tiny detector."""
    servers: list[Server] = []

    def start(source: str = "", **variables: str) -> Server:
        env = make_spec(source).env | {
            "NUCLIO_HANDLER": "tiny_function:handler" if source else "",
            "MODELYARD_ASSETS": str(write_assets(tmp_path / "assets")),
            "MODELYARD_PORT": "0",
            "MODELYARD_HEALTH_PORT": "0",
            **variables,
        }
        log = tmp_path / "server.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "modelyard.serving.server.standalone"],
                env=env,
                stdout=output,
                stderr=output,
                text=True,
            )
        servers.append(Server(process, log))
        return servers[-1]

    yield start
    for server in servers:
        server.process.kill()
        server.process.wait()


PID = "import os\ndef handler(context, event): return str(os.getpid())"


def test_it_serves_a_function_and_its_health(start: Start) -> None:
    server = start(MODELYARD_WORKERS="2")
    events, health = server.addresses()
    reply = httpx.post(events, content=sample_request("detector"))
    assert [item["points"] for item in reply.json()] == [[40, 30, 120, 90]]
    assert httpx.get(f"{health}/ready").status_code == 200
    assert httpx.get(f"{health}/live").status_code == 200
    assert httpx.get(f"{health}/other").status_code == 404
    assert httpx.get(f"{events}/__internal/health").status_code == 200
    assert events.startswith("http://127.0.0.1:")


def test_sigterm_answers_pending_requests_and_exits(start: Start) -> None:
    server = start("import time\ndef handler(context, event):\n time.sleep(1)\n return 'done'")
    events, health = server.addresses()
    replies: list[httpx.Response] = []
    client = threading.Thread(target=lambda: replies.append(httpx.post(events, timeout=30)))
    client.start()
    time.sleep(0.3)
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert httpx.get(f"{health}/ready").status_code == 503
    client.join()
    assert [reply.text for reply in replies] == ["done"]
    assert server.process.wait(30) == 0


def test_kill_9_leaves_no_worker(start: Start) -> None:
    server = start(PID)
    pid = int(httpx.post(server.addresses()[0]).text)
    server.process.kill()
    server.process.wait()
    for _ in range(3000):
        if not running(pid):
            return
        time.sleep(0.01)
    raise AssertionError("the worker is still there")


def test_a_dead_worker_is_replaced(start: Start) -> None:
    server = start(PID)
    events, _ = server.addresses()
    first = int(httpx.post(events).text)
    os.kill(first, signal.SIGKILL)
    second = int(httpx.post(events, timeout=30).text)
    assert second != first


def test_a_function_that_cannot_start_is_exit_1_with_its_traceback(start: Start) -> None:
    server = start("import a_module_that_is_not_there")
    assert server.process.wait(30) == 1
    assert "ModuleNotFoundError: No module named 'a_module_that_is_not_there'" in server.output
    assert "standalone: the function cannot start" in server.output


def test_a_signal_while_it_loads_ends_it(start: Start, tmp_path: Path) -> None:
    mark = tmp_path / "loading"
    server = start(f"open({str(mark)!r}, 'w').close()\nimport time\ntime.sleep(1000)")
    for _ in range(3000):
        if mark.exists():
            break
        time.sleep(0.01)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(30) == 0


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"MODELYARD_WORKERS": "many"}, "standalone: MODELYARD_WORKERS='many': Expected `int`"),
        ({"MODELYARD_HOST": "192.0.2.1"}, "standalone: cannot listen on 192.0.2.1 port 0: "),
    ],
)
def test_bad_settings_are_exit_2_with_one_line(
    start: Start, variables: dict[str, str], message: str
) -> None:
    server = start(**variables)
    assert server.process.wait(30) == 2
    assert server.output.startswith(message)
    assert server.output.count("\n") == 1


def test_a_configuration_of_nuclio_is_taken_where_no_variable_is_set(
    start: Start, tmp_path: Path
) -> None:
    config = tmp_path / "processor.yaml"
    config.write_text(
        "spec: {handler: 'tiny_function:handler', triggers: {h: {kind: http, url: ':1', "
        "numWorkers: 2, attributes: {maxRequestBodySize: 10}}}}"
    )
    server = start(
        "def handler(context, event): return event.body",
        NUCLIO_HANDLER="",
        MODELYARD_CONFIG=f"{tmp_path / 'absent'}:{config}",
    )
    events, _ = server.addresses()
    assert httpx.post(events, content=b"short").text == "short"
    assert httpx.post(events, content=b"longer than ten bytes").status_code == 413


def test_the_workers_may_have_another_interpreter(start: Start, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nMARK=other exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    server = start(
        "import os\ndef handler(context, event): return os.environ.get('MARK', '')",
        MODELYARD_WORKER_PYTHON=str(python),
    )
    assert httpx.post(server.addresses()[0]).text == "other"
