"""A platform in a separate process, and HTTP requests to it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import psutil

from modelyard_contract import variables
from modelyard_contract.nuclio import CVAT_PROJECT
from modelyard_tools.home.folders import Home
from modelyard_tools.home.running import HOST, read_note
from modelyard_tools.http.exchange import Reply, exchange
from modelyard_tools.testing.releases import FakeRelease, absolute_search_path, install

_PATIENCE: Final = 60.0
_COMMAND: Final = (
    sys.executable,
    "-m",
    "modelyard_tools.embedded",
    "--port",
    "0",
    "--digest",
    "test",
)

T = TypeVar("T")


def request(
    port: int,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    host: str = HOST,
) -> Reply:
    """Send one HTTP request to a port of this machine."""
    return exchange((host, port), method, path, body, headers, timeout=_PATIENCE)


def until(condition: Callable[[], T | None]) -> T:
    """Poll `condition` until its result is true, and return that; fail if it never is."""
    deadline = time.monotonic() + _PATIENCE
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {_PATIENCE:g} s: {condition}")
        time.sleep(0.05)
    return value


def has_ended(pid: int) -> bool:
    """Whether the process is gone, or a zombie."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


class PlatformProcess:
    """`python -m modelyard_tools.embedded` on any free port, with its home in `home`.

    `options` are further arguments, `env` further variables; modules in
    `search_path` come before all others.
    """

    def __init__(
        self,
        home: Home,
        options: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        search_path: Sequence[Path] = (),
    ) -> None:
        self.home = home
        self._options = options
        self._env = dict(env or {})
        self._search_path = [str(folder) for folder in search_path]
        home.prepare()
        home.platform_json.unlink(missing_ok=True)
        self.process = self.start_another()
        self.port = until(self._announced_port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop(signal.SIGKILL)

    def _announced_port(self) -> int | None:
        if self.process.poll() is not None:
            raise AssertionError(self.log())
        note = read_note(self.home)
        return note.port if note else None

    def start_another(self) -> subprocess.Popen[bytes]:
        """Start a platform process on this home, whether one runs or not."""
        environment = {**os.environ, variables.HOME: str(self.home.root), **self._env}
        environment["PYTHONPATH"] = os.pathsep.join([*self._search_path, *absolute_search_path()])
        with self.home.platform_log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own module
                [*_COMMAND, *self._options],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, and return the exit code (negative: the signal that killed it)."""
        self.process.send_signal(number)
        return self.process.wait(_PATIENCE)

    def api(
        self,
        method: str,
        path: str,
        content: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request to the dashboard API; `content` becomes JSON."""
        body = None if content is None else json.dumps(content).encode()
        return request(self.port, method, path, body, headers)

    def function(self, name: str) -> Any:
        """Return the API's description of the function."""
        return self.api("GET", f"/api/functions/{name}").json

    def deploy(self, release: FakeRelease) -> Any:
        """Install and deploy `release`; return the API's description of it."""
        install(self.home, release)
        self.api("POST", "/api/projects", {"metadata": {"name": CVAT_PROJECT}})
        answer = self.api(
            "PUT",
            f"/api/functions/{release.name}",
            release.config(),
            {"x-nuclio-wait-function-action": "true"},
        )
        if answer.status != HTTPStatus.ACCEPTED:
            raise AssertionError(answer.body)
        return self.function(release.name)

    def log(self) -> str:
        """Return the platform's whole log."""
        return self.home.platform_log.read_text()
