"""Functions that scale to zero, and start again with the next request."""

import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import msgspec

from modelyard_tools.embedded.testing.process import PlatformProcess, has_ended, request, until
from modelyard_tools.home.folders import Home
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import HANDLER, FakeRelease

# Short enough for a test, but long enough to see a function awake.
IDLE = 1.0
FLAKY = """
import os

if os.path.exists({path!r}):
    raise RuntimeError("no such weights")
""" + HANDLER.format(version="1").replace("{", "{{").replace("}", "}}")


def _sleepy(**settings: object) -> FakeRelease:
    given = {"name": "echo", "port": free_port(), "idle_timeout": IDLE, **settings}
    return msgspec.convert(given, FakeRelease)


def _state(platform: PlatformProcess) -> str:
    return str(platform.function("echo")["status"]["state"])


def _until_asleep(platform: PlatformProcess) -> None:
    until(lambda: _state(platform) == "scaledToZero")


def test_an_idle_function_ends_its_workers_and_the_next_requests_wait(
    platform: PlatformProcess,
) -> None:
    release = _sleepy()
    (worker,) = platform.deploy(release)["status"]["workers"]["pids"]
    _until_asleep(platform)
    until(lambda: has_ended(worker))
    assert request(release.port, "GET", "/__internal/health").status == 200
    with ThreadPoolExecutor() as pool:
        answers = list(
            pool.map(lambda _: request(release.port, "POST", "/", b"{}"), range(8)),
        )
    assert {answer.status for answer in answers} == {200}
    (woken,) = {answer.json["pid"] for answer in answers}
    assert woken != worker
    _until_asleep(platform)
    invocation = {"x-nuclio-function-name": "echo"}
    assert platform.api("POST", "/api/function_invocations", {}, invocation).status == 200


def test_a_busy_function_stays_awake(platform: PlatformProcess) -> None:
    release = _sleepy()
    platform.deploy(release)
    states = set()
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(request, release.port, "POST", f"/slow?seconds={3 * IDLE}", b"")
        while not slow.done():
            state = _state(platform)
            # Still in progress, so that was the state during the request.
            if not slow.done():
                states.add(state)
    assert slow.result().status == 200
    assert states == {"ready"}
    _until_asleep(platform)


def test_a_function_without_the_setting_never_sleeps(platform: PlatformProcess) -> None:
    other = FakeRelease(name="other", port=free_port())
    platform.deploy(other)
    platform.deploy(_sleepy())
    _until_asleep(platform)
    assert platform.function("other")["status"]["state"] == "ready"


def test_a_sleeping_function_is_resumed_without_being_started(
    home: Home, processes: ExitStack
) -> None:
    platform = processes.enter_context(PlatformProcess(home))
    release = _sleepy()
    platform.deploy(release)
    platform.stop(signal.SIGKILL)
    again = processes.enter_context(PlatformProcess(home))
    status = again.function("echo")["status"]
    assert (status["state"], status["workers"]["pids"]) == ("scaledToZero", [])
    assert status["httpPort"] == release.port
    assert request(release.port, "POST", "/", b"{}").status == 200


def test_a_sleeping_function_can_be_replaced_and_deleted(platform: PlatformProcess) -> None:
    release = _sleepy()
    platform.deploy(release)
    _until_asleep(platform)
    for version in ("2", "3"):
        newer = _sleepy(source=HANDLER.format(version=version), port=release.port)
        assert platform.deploy(newer)["status"]["lastDeployment"]["state"] == "ready"
        assert request(release.port, "POST", "/", b"{}").json["version"] == version
        _until_asleep(platform)
    body = {"metadata": {"name": "echo"}}
    assert platform.api("DELETE", "/api/functions", body).status == 204


def test_a_failed_replacement_leaves_a_sleeping_function_asleep(platform: PlatformProcess) -> None:
    release = _sleepy()
    platform.deploy(release)
    _until_asleep(platform)
    broken = FakeRelease(name="echo", port=release.port, source="raise RuntimeError('no')\n")
    status = platform.deploy(broken)["status"]
    assert (status["state"], status["lastDeployment"]["state"]) == ("scaledToZero", "error")
    assert request(release.port, "POST", "/", b"{}").json["version"] == "1"


def test_a_function_that_cannot_wake_says_so_and_is_tried_again(
    platform: PlatformProcess, home: Home
) -> None:
    switch = home.root / "broken"
    release = _sleepy(source=FLAKY.format(path=str(switch)))
    platform.deploy(release)
    _until_asleep(platform)
    switch.touch()
    answer = request(release.port, "POST", "/", b"{}")
    assert answer.status == 503
    assert "is not running" in answer.json["error"]
    assert "no such weights" in platform.function("echo")["status"]["message"]
    switch.unlink()
    until(lambda: request(release.port, "POST", "/", b"{}").status == 200)
