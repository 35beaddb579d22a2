"""Debugs coco-ssd in the engine at DOCKER_HOST, like a developer at a terminal:

    debugging.pex container|nuclio

It calls `./pants run ::deploy -- debug`, attaches with the launch.json that this writes, sends a
photograph, stops at a breakpoint in the handler, and types Ctrl-C. On Nuclio the ordinary release
is deployed before, and must be restored afterwards. Nuclio's dashboard is a test double; engine,
images and containers are real.
"""

import argparse
import base64
import contextlib
import json
import os
import pty
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx

from modelyard_contract.variables import NUCLIO_DASHBOARD, TARGET
from modelyard_tools.deployer.debugger.launch import FILE
from modelyard_tools.deployer.debugger.testing.editor import Editor
from modelyard_tools.deployer.nuclio.testing.dashboard import FakeDashboard
from modelyard_tools.testing.ports import free_port

_NAME: Final = "coco-ssd"
_TARGET: Final = "functions/openvino/coco_ssd#cpu"
_HANDLER: Final = Path("functions/openvino/coco_ssd/handler.py")
_LINE: Final = "return self._network.find(image, threshold)"
_CAT: Final = Path("tests/data/cat.jpg")
_CTRL_C: Final = b"\x03"
# Includes the time of builds, which may install whole locks.
_PATIENCE: Final = 600.0


class Terminal:
    """A command in its own terminal, whose output is also printed."""

    def __init__(self, *command: str) -> None:
        """Start it."""
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            # Plain lines, without cursor movement.
            os.environ["TERM"] = "dumb"
            os.execvp(command[0], command)  # noqa: S606 - our own command
        self._copying = threading.Thread(target=self._copy)
        self._copying.start()

    def type(self, text: bytes) -> None:
        """Type something."""
        os.write(self._terminal, text)

    def end(self) -> None:
        """Wait for it to end. The exit code after Ctrl-C is Pants' own."""
        os.waitpid(self._pid, 0)
        self._copying.join()
        os.close(self._terminal)

    def ended(self) -> bool:
        """Whether its output has ended."""
        return not self._copying.is_alive()

    def _copy(self) -> None:
        # Linux reports an error for a terminal without users.
        with contextlib.suppress(OSError):
            while text := os.read(self._terminal, 65536):
                sys.stdout.buffer.write(text)
                sys.stdout.buffer.flush()


def main() -> int:
    """Debug as given on the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="debugging", description="Debug in a real engine.")
    parser.add_argument("to", choices=("container", "nuclio"))
    if parser.parse_args().to == "container":
        _in_container()
    else:
        _on_nuclio()
    return 0


def _in_container() -> None:
    port = free_port()
    _debug(f"http://127.0.0.1:{port}", "--to", "container", "--port", str(port))
    _expect(not _containers(), f"containers are left: {_containers()}")


def _on_nuclio() -> None:
    with tempfile.TemporaryDirectory(prefix="modelyard-") as scratch:
        dashboard = FakeDashboard(Path(scratch))
        os.environ |= {NUCLIO_DASHBOARD: dashboard.url, TARGET: "nuclio"}
        try:
            subprocess.run(["./pants", "experimental-deploy", _TARGET], check=True)  # noqa: S603
            before = dashboard.nuclio.function(_NAME)
            url = f"http://127.0.0.1:{before['status']['httpPort']}"
            _expect(_sees_the_cat(url).is_success, "the release does not answer")
            _debug(url, "--to", "nuclio")
            after = dashboard.nuclio.function(_NAME)
            _expect(after["spec"] == before["spec"], f"another release came back: {after['spec']}")
            _expect(_sees_the_cat(url).is_success, "the release that came back does not answer")
            tags = _docker("image", "ls", "--format", "{{.Tag}}")
            _expect(not any("debug" in tag for tag in tags), f"an image is left: {tags}")
        finally:
            for container in _containers():
                _docker("rm", "--force", "--volumes", container)
            dashboard.stop()


def _debug(url: str, *where: str) -> None:
    """Start debugging, stop in the handler, inspect, continue, and end it."""
    port = free_port()
    command = ["./pants", "run", "::deploy", "--", "debug", _NAME, "--debug-port", str(port)]
    terminal = Terminal(*command, *where)
    try:
        entry = _until(terminal, lambda: _entry(port))
        reply = _until(terminal, lambda: _answer(url))
        _expect(reply.is_success, f"the function answers {reply.status_code}: {reply.text}")
        _stop_in_the_handler(entry, url)
    finally:
        terminal.type(_CTRL_C)
        terminal.end()


def _stop_in_the_handler(entry: dict[str, Any], url: str) -> None:
    line = next(i for i, text in enumerate(_HANDLER.read_text().splitlines(), 1) if _LINE in text)
    replies: list[httpx.Response] = []
    asking = threading.Thread(target=lambda: replies.append(_sees_the_cat(url)))
    file = _remote(entry, _HANDLER)
    with Editor(entry["connect"]["port"], host=entry["connect"]["host"]) as editor:
        editor.break_at(file, line)
        asking.start()
        thread, variables, place = editor.stopped()
        _expect(place == (str(file), line), f"it stopped at {place}")
        _expect(variables.keys() >= {"self", "image", "threshold"}, f"it shows {variables}")
        frame = editor.ask("stackTrace", threadId=thread)["stackFrames"][0]["id"]
        said = "image.width, image.height, type(self).__name__"
        seen = editor.ask("evaluate", expression=said, frameId=frame)["result"]
        _expect(seen == "(451, 300, 'CocoSsd')", f"the image is {seen}")
        _expect(not replies, "it answered while it was paused")
        editor.go_on(thread)
        asking.join()
    _expect(replies[0].json()[0]["label"] == "cat", f"it answers {replies[0].text}")
    print(f"stopped at {place[0]}:{place[1]} with an image of {seen}", flush=True)


def _entry(port: int) -> dict[str, Any] | None:
    """Return the configuration for an editor, once it is written for a debugger on `port`."""
    try:
        entries = json.loads(Path(FILE).read_text())["configurations"]
    except FileNotFoundError:
        return None
    return next((each for each in entries if each.get("connect", {}).get("port") == port), None)


def _remote(entry: dict[str, Any], file: Path) -> Path:
    """Return the debugger's path of a file in the workspace."""
    for mapping in entry["pathMappings"]:
        root = Path(mapping["localRoot"].replace("${workspaceFolder}", os.getcwd()))
        if file.absolute().is_relative_to(root):
            return Path(mapping["remoteRoot"]) / file.absolute().relative_to(root)
    raise SystemExit(f"debugging: no folder of launch.json has {file}: {entry}")


def _sees_the_cat(url: str) -> httpx.Response:
    body = {"image": base64.b64encode(_CAT.read_bytes()).decode()}
    return httpx.post(url, json=body, timeout=_PATIENCE)


def _answer(url: str) -> httpx.Response | None:
    try:
        return _sees_the_cat(url)
    except httpx.TransportError:
        return None


def _containers() -> list[str]:
    return _docker("ps", "--all", "--format", "{{.Names}}")


def _docker(*arguments: str) -> list[str]:
    done = subprocess.run(  # noqa: S603
        ["docker", *arguments],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.split()


def _until(terminal: Terminal, condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + _PATIENCE
    while not (value := condition()):
        _expect(not terminal.ended(), "debug has ended on its own")
        _expect(time.monotonic() < deadline, f"not within {_PATIENCE:g} s")
        time.sleep(0.2)
    return value


def _expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise SystemExit(f"debugging: {otherwise}")


if __name__ == "__main__":
    sys.exit(main())
