"""`debug` in a container, standalone and Nuclio's, with an editor that attaches to it."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from modelyard.serving.protocol.sample import sample_request
from modelyard_tools.deployer.debugger.launch import FILE
from modelyard_tools.deployer.debugger.testing.editor import Editor
from modelyard_tools.deployer.nuclio.testing.world import NuclioRelease, World, answering, answers
from modelyard_tools.embedded.testing.process import until
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import HANDLER, absolute_search_path

# The PEX that the build produces; next to this file's root when Pants runs the test.
PEX = Path(os.environ.get("MODELYARD_TEST_DEBUGPY", "debug/debugpy.pex")).absolute()
LINE = HANDLER.splitlines().index("    seen = {{") + 1
NUCLIO, ALONE = "nuclio-nuclio-echo", "modelyard-debug-echo"


class Workshop:
    """A workspace with sources newer than the image of a release that has two workers."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.folder = folder / "workspace"
        self.sources = self.folder / "sources"
        self.sources.mkdir(parents=True)
        (self.sources / "tiny.py").write_text(HANDLER.format(version="edited"))
        self.port, self.debug_port = free_port(), free_port()
        self.release = NuclioRelease(
            name="echo", port=self.port, source=HANDLER.format(version="built"), workers=2
        )
        self.build = world.build(self.release)
        config = self.build.root / "releases/echo/cpu/function.yaml"
        config.write_text(config.read_text().replace("spec:\n", "spec:\n  eventTimeout: 1s\n", 1))
        self.release.write_sources(folder / "srcs")
        self._search = os.pathsep.join([str(folder / "srcs"), *absolute_search_path()])
        self.load_image()

    def load_image(self, suffix: str = "") -> None:
        """Load an image into the engine that runs our own server, like the standalone one."""
        self.world.load_image(
            self.release,
            suffix=suffix,
            Command=[sys.executable, "-m", "modelyard.serving.server.standalone"],
            Env={"PYTHONPATH": self._search},
        )

    def debug(self, *more: str) -> subprocess.Popen[str]:
        """Start `debug`."""
        given = ["--debugger-pex", str(PEX), "--source-root", str(self.sources)]
        options = ["--debug-port", str(self.debug_port), *more]
        return self.world.deployer.start(*given, "debug", "echo", *options, build=self.build)

    def entry(self) -> dict[str, Any]:
        """Wait for the editor's configuration, and return it."""
        file = self.folder / FILE
        until(file.exists)
        entry: dict[str, Any] = json.loads(file.read_text())["configurations"][0]
        return entry

    def outside(self, container: str, path: str) -> Path:
        """Return where a container's file really is."""
        identity: str = self.world.containers()[container]["Id"]
        return self.world.docker_root / "containers" / identity / "files" / path.lstrip("/")


@pytest.fixture
def workshop(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    workshop = Workshop(world, tmp_path)
    monkeypatch.chdir(workshop.folder)
    return workshop


@pytest.fixture
def deployed(workshop: Workshop) -> Workshop:
    """The release, deployed as usual."""
    done = workshop.world.deployer.run(build=workshop.build)
    assert done.returncode == 0, done.stderr
    assert answering(workshop.port) == "built"
    return workshop


@pytest.fixture
def session(deployed: Workshop) -> Iterator[subprocess.Popen[str]]:
    """`debug --to nuclio`, started."""
    process = deployed.debug()
    try:
        deployed.entry()
        yield process
    finally:
        # Not `communicate`: the process that shows the container's log shares the output, and
        # lives as long as the container.
        process.kill()
        process.wait()


def stop_at_the_breakpoint(workshop: Workshop, container: str, port: int) -> None:
    """Attach like an editor with launch.json, send an image, and check the variables."""
    entry = workshop.entry()
    host, debug_port = entry["connect"]["host"], entry["connect"]["port"]
    assert (host, debug_port) == ("127.0.0.1", workshop.debug_port)
    (mapping,) = entry["pathMappings"]
    assert mapping["localRoot"] == "${workspaceFolder}/sources"
    file = workshop.outside(container, f"{mapping['remoteRoot']}/tiny.py")
    replies: list[httpx.Response] = []
    asking = threading.Thread(target=lambda: replies.append(ask(port)))
    with Editor(debug_port) as editor:
        editor.break_at(file, LINE)
        asking.start()
        thread, variables, place = editor.stopped()
        assert place == (str(file), LINE)
        assert {"context", "event"} <= variables.keys()
        frame = editor.ask("stackTrace", threadId=thread)["stackFrames"][0]["id"]
        sent = editor.ask("evaluate", expression="sorted(event.body)", frameId=frame)["result"]
        assert sent == "['image']"
        assert not replies
        editor.go_on(thread)
        asking.join()
    assert replies[0].json()["version"] == "edited"


def ask(port: int) -> httpx.Response:
    headers = {"content-type": "application/json"}
    content = sample_request("detector")
    return httpx.post(f"http://127.0.0.1:{port}", content=content, headers=headers, timeout=30)


def test_a_breakpoint_in_what_nuclio_serves_and_the_release_comes_back(
    deployed: Workshop, session: subprocess.Popen[str]
) -> None:
    world = deployed.world
    stop_at_the_breakpoint(deployed, NUCLIO, deployed.port)
    spec = world.nuclio.function("echo")["spec"]
    assert "eventTimeout" not in spec
    assert spec["triggers"]["http"]["numWorkers"] == 1
    (shown,) = json.loads(world.deployer.run("status", "--json").stdout)["functions"]
    assert (shown["release"], shown["state"]) == (None, "ready")
    assert "it is being debugged" in shown["problem"]

    session.send_signal(signal.SIGINT)
    out, err = session.communicate(timeout=60)
    assert session.returncode == 0, err
    assert "echo: the previous version serves again" in out
    assert answering(deployed.port) == "built"
    assert world.nuclio.function("echo")["spec"]["eventTimeout"] == "1s"
    assert not [name for name in world.images() if name.endswith("-debug")]
    assert set(world.containers()) == {NUCLIO}
    # The deployer has not noticed anything.
    assert "unchanged  echo" in world.deployer.run("plan", build=deployed.build).stdout
    assert "no earlier version" in world.deployer.run("rollback", "echo").stderr


def test_when_debugging_is_killed_the_next_apply_restores_the_release(
    deployed: Workshop, session: subprocess.Popen[str]
) -> None:
    world = deployed.world
    session.kill()
    session.wait()
    assert answering(deployed.port) == "edited"
    done = world.deployer.run(build=deployed.build)
    assert done.returncode == 0, done.stderr
    assert "update" in done.stdout
    assert answering(deployed.port) == "built"
    assert not [name for name in world.images() if name.endswith("-debug")]
    assert "no earlier version" in world.deployer.run("rollback", "echo").stderr


def test_a_function_that_was_not_deployed_is_removed_again(workshop: Workshop) -> None:
    process = workshop.debug()
    workshop.entry()
    assert answering(workshop.port) == "edited"
    # The signal that a service manager sends.
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "there was no previous version" in out
    assert workshop.world.nuclio.function("echo") is None
    assert workshop.world.containers() == {}


def test_sources_that_do_not_load_leave_the_release_alone(deployed: Workshop) -> None:
    (deployed.sources / "tiny.py").write_text("import nowhere\n")
    process = deployed.debug()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "probable cause: the module nowhere is missing" in err
    assert answering(deployed.port) == "built"


def test_an_address_that_cannot_be_reached_is_explained(
    deployed: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The case of Docker Desktop, whose containers are in a virtual machine."""
    monkeypatch.setenv("MODELYARD_DOCKER_DOUBLE_ADDRESS", "")
    process = deployed.debug()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "`debug echo --to container` publishes the port instead" in err
    assert answering(deployed.port) == "built"


def test_a_breakpoint_in_a_standalone_container(workshop: Workshop) -> None:
    workshop.load_image("-standalone")
    port = free_port()
    process = workshop.debug("--to", "container", "--port", str(port))
    try:
        workshop.entry()
        until(lambda: answers(port) == "edited")
        stop_at_the_breakpoint(workshop, ALONE, port)
        options = workshop.world.containers()[ALONE]["Options"]
        published = [value for name, value in options if name == "--publish"]
        assert all(each.startswith("127.0.0.1:") for each in published)
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert f"http://127.0.0.1:{port}" in out
    assert workshop.world.containers() == {}


def test_a_container_that_ends_says_why(workshop: Workshop) -> None:
    workshop.load_image("-standalone")
    (workshop.sources / "tiny.py").write_text("import nowhere\n")
    process = workshop.debug("--to", "container", "--port", str(free_port()))
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "No module named 'nowhere'" in out
    assert "exited with code 1" in err
    assert workshop.world.containers() == {}


def test_a_missing_image_is_reported_with_how_to_build_it(workshop: Workshop) -> None:
    process = workshop.debug("--to", "container", "--port", str(free_port()))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "image modelyard/echo:cpu-standalone not found" in err
    assert "-image -- load" in err


@pytest.mark.parametrize(
    ("words", "target", "message"),
    [
        (["--to", "nuclio", "--wait"], "nuclio", "--wait does not work with Nuclio"),
        ([], "kubernetes", "debug does not support kubernetes"),
    ],
)
def test_what_debug_does_not_support(
    workshop: Workshop,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    target: str,
    message: str,
) -> None:
    monkeypatch.setenv("MODELYARD_TO", target)
    process = workshop.debug(*words)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert message in err
