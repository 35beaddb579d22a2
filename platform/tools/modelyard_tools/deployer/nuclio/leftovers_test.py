"""Functions that stay `building`: which of them are removed, and when."""

import io
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from modelyard_tools.deployer.core.history import Attempt, History, Record
from modelyard_tools.deployer.nuclio import leftovers
from modelyard_tools.deployer.nuclio.api import ATTEMPT, Config
from modelyard_tools.deployer.nuclio.leftovers import note_ended, settle
from modelyard_tools.deployer.nuclio.nuctl import NuctlApi
from modelyard_tools.deployer.nuclio.rest import RestApi
from modelyard_tools.deployer.nuclio.testing.world import NuclioRelease, World, answers
from modelyard_tools.deployer.output.report import Report
from modelyard_tools.embedded.testing.process import until
from modelyard_tools.testing.ports import free_port

LONG_AGO = 1_000_000.0


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "history")


@pytest.fixture
def rest(world: World) -> RestApi:
    return RestApi(("127.0.0.1", world.dashboard.port))


def report() -> Report:
    return Report(io.StringIO(), io.StringIO())


def leave(world: World, attempt: str, state: str = "building") -> dict[str, Any]:
    """Have Nuclio report that a deployment is in `state`, with nothing working on it."""
    config = NuclioRelease(name="echo", port=free_port()).config()
    config["metadata"]["annotations"][ATTEMPT] = attempt
    function = {**config, "status": {"state": state}}
    world.nuclio.store(function)
    return function


def test_ours_whose_time_is_over_is_given_up(world: World, history: History, rest: RestApi) -> None:
    leave(world, "a1")
    history.write("echo", Record(attempt=Attempt("a1", LONG_AGO)))
    settled = settle(rest, history, report())
    assert settled.functions["echo"].building
    assert not settled.others


def test_ours_that_nuctl_started_is_given_up_with_nuctl(world: World, history: History) -> None:
    leave(world, "a1")
    history.write("echo", Record(attempt=Attempt("a1", time.time())))
    settled = settle(NuctlApi(str(world.programs / "nuctl")), history, report())
    assert settled.functions["echo"].building
    assert not settled.others


def test_deployments_of_others_are_left_alone(
    world: World, history: History, rest: RestApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def soon(_: Config) -> float:
        return 0.2

    leave(world, "theirs")
    history.write("echo", Record(attempt=Attempt("a1", LONG_AGO)))
    monkeypatch.setattr(leftovers, "longest_deployment", soon)
    assert settle(rest, history, report()).others == {"echo"}


def test_what_ends_meanwhile_is_waited_for(world: World, history: History, rest: RestApi) -> None:
    world.nuclio.create_project("cvat")
    release = NuclioRelease(name="echo", port=free_port())
    world.load_image(release)
    config = release.config()
    config["metadata"]["annotations"][ATTEMPT] = "a1"
    history.write("echo", Record(attempt=Attempt("a1", time.time())))
    world.nuclio.faults.plant("nuclio started", "hang", text="1")
    accepted = world.nuclio.accept(config)
    threading.Thread(target=world.nuclio.carry_out, args=(accepted, os.getpid)).start()
    settled = settle(rest, history, report())
    assert settled.functions["echo"].status.state == "ready"
    note_ended(history, settled.functions)
    record = history.read("echo")
    assert record.attempt is None
    assert record.serving is not None
    assert record.serving["spec"]["image"] == release.image


def test_the_next_apply_removes_it_and_deploys(world: World) -> None:
    port = free_port()
    release = NuclioRelease(name="echo", port=port, readiness=1)
    build = world.build(release)
    left = leave(world, "a1")
    history = History(world.deployer.home.root / "history" / "nuclio")
    history.write("echo", Record(attempt=Attempt("a1", LONG_AGO)))
    done = world.deployer.run(build=build)
    assert done.returncode == 0, done.stderr
    assert left["metadata"]["name"] in done.stdout
    assert until(lambda: answers(port)) == "1"
    assert world.state("echo") == "ready"
