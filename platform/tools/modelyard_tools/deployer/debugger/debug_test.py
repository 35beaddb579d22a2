"""`debug` as a process, with an editor that attaches to it."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from modelyard.serving.protocol.sample import sample_request
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.debugger.launch import FILE, configuration, write_launch
from modelyard_tools.deployer.debugger.startup import Debugger
from modelyard_tools.deployer.debugger.testing.editor import Editor
from modelyard_tools.deployer.testing.deployer import Deployer
from modelyard_tools.embedded.testing.process import until
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import HANDLER, FakeRelease

# The PEX that the build produces; next to this file's root when Pants runs the test.
PEX = Path(os.environ.get("MODELYARD_TEST_DEBUGPY", "debug/debugpy.pex")).absolute()
LINE = HANDLER.splitlines().index("    seen = {{") + 1

LOADING = HANDLER.splitlines().index("def init_context(context):") + 2


class Debugged:
    """A function under the debugger, served from `sources`."""

    def __init__(self, deployer: Deployer, folder: Path, *more: str) -> None:
        self.file = folder / "tiny.py"
        self.file.parent.mkdir()
        self.file.write_text(HANDLER.format(version="edited"))
        self.port, self.debug_port = free_port(), free_port()
        # A function's own timeouts and workers are ignored here.
        build = deployer.build(FakeRelease(name="echo", port=1, workers=2))
        ports = ["--port", str(self.port), "--debug-port", str(self.debug_port)]
        given = ["--debugger-pex", str(PEX), "--source-root", str(folder)]
        self.process = deployer.start(*given, "debug", "echo", *ports, *more, build=build)

    def ask(self) -> httpx.Response:
        return httpx.post(
            f"http://127.0.0.1:{self.port}",
            content=sample_request("detector"),
            headers={"content-type": "application/json"},
            timeout=20,
        )

    def answers(self) -> bool:
        try:
            return self.ask().status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which `debug` is called, and that an editor would have open."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def debugged(deployer: Deployer, workspace: Path) -> Iterator[Debugged]:
    debugged = Debugged(deployer, workspace / "sources")
    try:
        until(debugged.answers)
        yield debugged
    finally:
        debugged.process.kill()
        debugged.process.communicate()


def test_a_breakpoint_in_the_handler_shows_the_image_that_was_sent(
    debugged: Debugged, workspace: Path
) -> None:
    entry = json.loads((workspace / FILE).read_text())["configurations"][0]
    assert entry["connect"] == {"host": "127.0.0.1", "port": debugged.debug_port}
    (mapping,) = entry["pathMappings"]
    assert mapping["localRoot"] == "${workspaceFolder}/sources"
    # The breakpoint's path is the one that an editor sees.
    file = Path(mapping["remoteRoot"]) / debugged.file.name
    answers: list[httpx.Response] = []
    asking = threading.Thread(target=lambda: answers.append(debugged.ask()))
    with Editor(entry["connect"]["port"]) as editor:
        editor.break_at(file, LINE)
        asking.start()
        thread, variables, place = editor.stopped()
        assert place == (str(debugged.file), LINE)
        assert {"context", "event"} <= variables.keys()
        body = editor.ask(
            "evaluate",
            expression="sorted(event.body), type(event.body['image']).__name__",
            frameId=editor.ask("stackTrace", threadId=thread)["stackFrames"][0]["id"],
        )["result"]
        assert body == "(['image'], 'str')"
        assert not answers
        editor.go_on(thread)
        asking.join()
    assert answers[0].status_code == 200
    assert answers[0].json()["version"] == "edited"
    # The editor has gone, and the function still answers.
    assert debugged.answers()


def test_after_an_edit_the_debugger_is_in_the_new_code(debugged: Debugged) -> None:
    first = debugged.ask().json()["pid"]
    debugged.file.write_text(HANDLER.format(version="again"))
    until(lambda: debugged.answers() and debugged.ask().json().get("version") == "again")
    assert debugged.ask().json()["pid"] != first
    with Editor(debugged.debug_port) as editor:
        editor.break_at(debugged.file, LINE)
        threading.Thread(target=debugged.ask).start()
        thread, _, place = editor.stopped()
        assert place == (str(debugged.file), LINE)
        editor.go_on(thread)


def test_nothing_of_the_debugger_is_left_when_it_ends(debugged: Debugged) -> None:
    debugged.process.send_signal(signal.SIGINT)
    assert debugged.process.wait(timeout=60) == 0
    until(lambda: not _mentioning(str(debugged.debug_port)))


def _mentioning(text: str) -> list[str]:
    """Return the command lines of debuggers that contain the text."""
    lines = (
        " ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])
    )
    return [line for line in lines if text in line and "adapter" in line]


def test_with_wait_nothing_is_loaded_until_an_editor_attaches(
    deployer: Deployer, workspace: Path
) -> None:
    waiting = Debugged(deployer, workspace / "sources", "--wait")
    try:
        until(lambda: _listens(waiting.debug_port))
        assert waiting.ask().status_code == 503
        with Editor(waiting.debug_port) as editor:
            editor.break_at(
                waiting.file, HANDLER.splitlines().index("def init_context(context):") + 2
            )
            thread, variables, _ = editor.stopped()
            assert "context" in variables
            editor.go_on(thread)
            until(waiting.answers)
    finally:
        waiting.process.kill()
        waiting.process.communicate()


def _listens(port: int) -> bool:
    return any(f":{port:04X} " in line for line in Path("/proc/net/tcp").read_text().splitlines())


def test_a_port_that_is_taken_is_one_line(deployer: Deployer, workspace: Path) -> None:
    build = deployer.build(FakeRelease(name="echo", port=1))
    given = ["--debugger-pex", str(PEX), "--source-root", str(workspace)]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = deployer.run(*given, "debug", "echo", "--debug-port", port, build=build)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].endswith("choose another with --debug-port")


def test_another_function_than_the_one_that_was_built(deployer: Deployer, workspace: Path) -> None:
    build = deployer.build(FakeRelease(name="echo", port=1))
    given = ["--debugger-pex", str(PEX), "--source-root", str(workspace)]
    done = deployer.run(*given, "debug", "ecko", build=build)
    assert done.returncode == 2
    assert "did you mean echo?" in done.stderr


def test_a_launch_file_keeps_what_is_in_it(tmp_path: Path) -> None:
    theirs = {"name": "Tests", "type": "debugpy"}
    file = tmp_path / FILE
    file.parent.mkdir()
    file.write_text(json.dumps({"version": "0.2.0", "configurations": [theirs], "inputs": []}))
    for port in (5678, 5679):
        folders = {Path("/elsewhere"): "/inside"}
        entry = configuration("seg", ("172.17.0.2", port), tmp_path, folders)
        assert write_launch(tmp_path, entry)
    content = json.loads(file.read_text())
    assert content["inputs"] == []
    assert content["configurations"][0] == theirs
    (ours,) = content["configurations"][1:]
    assert ours["connect"] == {"host": "172.17.0.2", "port": 5679}
    assert ours["pathMappings"] == [{"localRoot": "/elsewhere", "remoteRoot": "/inside"}]


@pytest.mark.parametrize(
    ("program", "listens"),
    [("_nuclio_wrapper.py", True), ("processor.py", False)],
)
def test_only_a_worker_has_the_debugger(tmp_path: Path, program: str, listens: bool) -> None:
    """Other processes of the container, such as its health check, leave the port alone."""
    port = free_port()
    debugger = Debugger(pex=PEX, port=port)
    (tmp_path / program).write_text("import sys; print('debugpy' in sys.modules)")
    env = debugger.environment({}, tmp_path)
    done = subprocess.run(
        [sys.executable, str(tmp_path / program)],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [str(listens)]


@pytest.mark.parametrize("text", ["// mine\n{}", "[]", '{"configurations": [1]}', "{"])
def test_a_launch_file_that_is_not_plain_json_is_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / FILE
    file.parent.mkdir()
    file.write_text(text)
    assert not write_launch(tmp_path, configuration("seg", ("127.0.0.1", 5678), tmp_path, {}))
    assert file.read_text() == text


def test_a_pex_without_debugpy_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="debugpy not found in"):
        Debugger(pex=tmp_path, port=5678).environment({}, tmp_path)
