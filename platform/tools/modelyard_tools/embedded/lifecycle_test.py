"""Deploying, replacing, failing, deleting and resuming, with real workers."""

import http.client
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from modelyard_tools.embedded.testing.process import PlatformProcess, has_ended, request, until
from modelyard_tools.files.logfile import MAX_BYTES
from modelyard_tools.home.folders import Home
from modelyard_tools.http.ports import PortError, bind
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import HANDLER, FakeRelease, install

BROKEN_START = "raise RuntimeError('no such weights')\n"
BROKEN_ANSWER = HANDLER.format(version="2").replace("    seen =", "    1 / 0\n    seen =")


def second(release: FakeRelease, source: str = HANDLER.format(version="2")) -> FakeRelease:
    return FakeRelease(name=release.name, port=release.port, source=source)


def version(port: int) -> str:
    answer = request(port, "POST", "/", b"{}")
    assert answer.status == 200, answer.body
    return str(answer.json["version"])


def is_free(port: int) -> bool:
    try:
        bind(port).close()
    except PortError:
        return False
    return True


def test_a_deployed_function_answers_on_its_port(platform: PlatformProcess) -> None:
    release = FakeRelease(name="echo", port=free_port(), env={"GREETING": "hello"})
    status = platform.deploy(release)["status"]
    assert status["state"] == "ready"
    assert status["httpPort"] == release.port
    assert status["lastDeployment"]["digest"] == release.digest
    answer = request(release.port, "POST", "/some/path?a=1", b"12345")
    assert answer.json["greeting"] == "hello"
    assert answer.json["path"] == "/some/path"
    assert answer.json["size"] == 5


def test_a_new_version_takes_over_and_the_old_one_ends(platform: PlatformProcess) -> None:
    first = FakeRelease(name="echo", port=free_port())
    (old,) = platform.deploy(first)["status"]["workers"]["pids"]
    other = FakeRelease(name="other", port=free_port())
    others = platform.deploy(other)["status"]["workers"]["pids"]
    platform.deploy(second(first))
    assert version(first.port) == "2"
    assert platform.function("other")["status"]["workers"]["pids"] == others
    until(lambda: has_ended(old))


def test_replacement_drops_no_request(platform: PlatformProcess) -> None:
    first = FakeRelease(name="echo", port=free_port())
    platform.deploy(first)
    done = threading.Event()

    def knock() -> list[int]:
        statuses = []
        while not done.is_set():
            statuses.append(request(first.port, "POST", "/slow?seconds=0.02", b"{}").status)
        return statuses

    with ThreadPoolExecutor() as pool:
        knocking = [pool.submit(knock) for _ in range(4)]
        try:
            platform.deploy(second(first))
            platform.deploy(second(first, HANDLER.format(version="3")))
        finally:
            done.set()
        statuses = [status for future in knocking for status in future.result()]
    assert set(statuses) == {200}
    assert version(first.port) == "3"


def test_a_version_that_cannot_start_leaves_the_old_one_serving(platform: PlatformProcess) -> None:
    first = FakeRelease(name="echo", port=free_port())
    platform.deploy(first)
    broken = second(first, BROKEN_START)
    function = platform.deploy(broken)
    assert function["spec"]["image"].endswith(first.digest)
    assert function["status"]["state"] == "ready"
    last = function["status"]["lastDeployment"]
    assert (last["digest"], last["state"]) == (broken.digest, "error")
    assert "RuntimeError: no such weights" in last["message"]
    assert "Traceback" in function["status"]["message"]
    assert version(first.port) == "1"


def test_a_version_that_cannot_answer_leaves_the_old_one_serving(platform: PlatformProcess) -> None:
    first = FakeRelease(name="echo", port=free_port())
    platform.deploy(first)
    last = platform.deploy(second(first, BROKEN_ANSWER))["status"]["lastDeployment"]
    assert last["state"] == "error"
    assert "sample request with 500" in last["message"]
    assert "ZeroDivisionError" in last["message"]
    assert version(first.port) == "1"


def test_a_version_that_finds_nothing_in_the_sample_is_fine(platform: PlatformProcess) -> None:
    source = HANDLER.format(version="1").replace("status_code=200", "status_code=422")
    release = FakeRelease(name="echo", port=free_port(), source=source)
    assert platform.deploy(release)["status"]["state"] == "ready"


def test_a_first_version_that_fails_is_an_error_and_can_be_fixed(
    platform: PlatformProcess,
) -> None:
    broken = FakeRelease(name="echo", port=free_port(), source=BROKEN_START)
    status = platform.deploy(broken)["status"]
    assert status["state"] == "error"
    assert "no such weights" in status["message"]
    assert platform.deploy(second(broken))["status"]["state"] == "ready"
    assert version(broken.port) == "2"


def test_an_unknown_image_is_an_error_that_says_what_to_do(platform: PlatformProcess) -> None:
    release = FakeRelease(name="echo", port=free_port())
    config = release.config()
    platform.api("POST", "/api/projects", {"metadata": {"name": "cvat"}})
    wait = {"x-nuclio-wait-function-action": "true"}
    platform.api("POST", "/api/functions", config, wait)
    assert "is not on this machine" in platform.function("echo")["status"]["message"]
    config["spec"]["image"] = "python:3.11"
    platform.api("PUT", "/api/functions/echo", config, wait)
    assert "cannot run here" in platform.function("echo")["status"]["message"]


def test_a_taken_port_is_an_error_that_names_its_holder(platform: PlatformProcess) -> None:
    release = FakeRelease(name="echo", port=free_port())
    with bind(release.port):
        status = platform.deploy(release)["status"]
    assert status["state"] == "error"
    assert f"port {release.port} is already taken by" in status["message"]
    assert f"(process {os.getpid()})" in status["message"]


def test_two_functions_cannot_share_a_port(platform: PlatformProcess) -> None:
    first = FakeRelease(name="first", port=free_port())
    platform.deploy(first)
    status = platform.deploy(FakeRelease(name="second", port=first.port))["status"]
    assert status["state"] == "error"
    assert "taken by another function of this platform" in status["message"]
    assert version(first.port) == "1"


def test_a_new_version_may_move_to_another_port(platform: PlatformProcess) -> None:
    first = FakeRelease(name="echo", port=free_port())
    platform.deploy(first)
    moved = FakeRelease(name="echo", port=free_port())
    assert platform.deploy(moved)["status"]["httpPort"] == moved.port
    assert version(moved.port) == "1"

    until(lambda: is_free(first.port))


def test_a_request_during_the_first_start_waits(platform: PlatformProcess) -> None:
    slow = "import time\ntime.sleep(1)\n" + HANDLER.format(version="1")
    release = FakeRelease(name="echo", port=free_port(), source=slow)
    install(platform.home, release)
    platform.api("POST", "/api/projects", {"metadata": {"name": "cvat"}})
    assert platform.api("POST", "/api/functions", release.config()).status == 202
    assert platform.function("echo")["status"]["state"] == "building"
    assert version(release.port) == "1"


def test_a_crash_of_one_worker_is_answered_and_repaired(platform: PlatformProcess) -> None:
    release = FakeRelease(name="echo", port=free_port())
    platform.deploy(release)
    assert request(release.port, "POST", "/crash", b"{}").status == 502
    assert version(release.port) == "1"


def test_deleting_frees_the_port_and_forgets(platform: PlatformProcess) -> None:
    release = FakeRelease(name="echo", port=free_port())
    platform.deploy(release)
    body = {"metadata": {"name": "echo", "namespace": "nuclio"}}
    assert platform.api("DELETE", "/api/functions", body).status == 204
    assert platform.api("GET", "/api/functions/echo").status == 404
    assert list(platform.home.functions.iterdir()) == []
    assert is_free(release.port)


def test_functions_come_back_after_the_platform_was_killed(
    home: Home, processes: ExitStack
) -> None:
    platform = processes.enter_context(PlatformProcess(home))
    release = FakeRelease(name="echo", port=free_port())
    (worker,) = platform.deploy(release)["status"]["workers"]["pids"]
    platform.deploy(second(release, BROKEN_START))
    assert platform.stop(signal.SIGKILL) == -signal.SIGKILL
    until(lambda: has_ended(worker))

    again = processes.enter_context(PlatformProcess(home))
    until(lambda: again.function("echo")["status"]["state"] == "ready")
    assert version(release.port) == "1"
    assert again.api("GET", "/api/projects/cvat").status == 200


def test_a_deployment_cut_short_by_a_kill_leaves_the_old_version(
    home: Home, processes: ExitStack
) -> None:
    platform = processes.enter_context(PlatformProcess(home))
    release = FakeRelease(name="echo", port=free_port())
    platform.deploy(release)
    endless = second(release, "import time\ntime.sleep(600)\n")
    install(home, endless)
    platform.api("PUT", "/api/functions/echo", endless.config())
    assert platform.function("echo")["status"]["state"] == "building"
    platform.stop(signal.SIGKILL)

    again = processes.enter_context(PlatformProcess(home))
    until(lambda: again.function("echo")["status"]["state"] == "ready")
    assert again.function("echo")["spec"]["image"].endswith(release.digest)
    assert "interrupted" in again.log()


def test_a_damaged_state_file_does_not_affect_other_functions(
    home: Home, processes: ExitStack
) -> None:
    platform = processes.enter_context(PlatformProcess(home))
    release = FakeRelease(name="echo", port=free_port())
    platform.deploy(release)
    platform.stop()
    (home.functions / "bad.json").write_text("{")
    home.projects.write_text("{")
    again = processes.enter_context(PlatformProcess(home))
    until(lambda: again.function("echo")["status"]["state"] == "ready")
    assert (home.functions / "bad.damaged").exists()
    assert home.projects.with_suffix(".damaged").exists()


def test_stopping_lets_the_pending_request_finish(platform: PlatformProcess) -> None:
    release = FakeRelease(name="echo", port=free_port())
    platform.deploy(release)
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(request, release.port, "POST", "/slow?seconds=1", b"{}")
        until(lambda: platform.function("echo")["status"]["workers"]["busy"])
        assert platform.stop() == 0
        assert slow.result().status == 200
    assert not platform.home.platform_json.exists()


def test_a_follower_of_a_log_sees_it_grow_and_does_not_hold_up_the_end(
    platform: PlatformProcess,
) -> None:
    release = FakeRelease(name="echo", port=free_port())
    platform.deploy(release)
    connection = http.client.HTTPConnection("127.0.0.1", platform.port, timeout=60)
    connection.request("GET", "/api/functions/echo/logs/nuclio-nuclio-echo?tailLines=0")
    log = connection.getresponse()
    request(release.port, "POST", "/print?text=hello", b"")
    assert log.readline() == b"hello\n"
    assert platform.stop() == 0
    assert log.read() == b""
    connection.close()


def test_logs_are_kept_within_their_limit(platform: PlatformProcess) -> None:
    release = FakeRelease(name="echo", port=free_port())
    platform.deploy(release)
    log = platform.home.function_log("echo")
    with log.open("ab") as file:
        file.truncate(MAX_BYTES + 1)
    until(lambda: log.stat().st_size < MAX_BYTES)
    request(release.port, "POST", "/print?text=after", b"")
    assert log.read_bytes() == b"after\n"


def test_a_home_has_one_platform(platform: PlatformProcess) -> None:
    note = platform.home.platform_json.read_bytes()
    second_platform = platform.start_another()
    assert second_platform.wait(60) == 1
    assert f"held by process {platform.process.pid}" in platform.log()
    assert platform.home.platform_json.read_bytes() == note
