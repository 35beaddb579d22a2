"""`apply` from the command line to the answering function, every part of it real."""

import os
import signal
import socket
from pathlib import Path

import psutil

from modelyard_tools.deployer.testing.deployer import Deployer, write_pex
from modelyard_tools.embedded.testing.process import has_ended, request, until
from modelyard_tools.home.running import read_note
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import HANDLER, FakeRelease

BROKEN = "raise RuntimeError('no such weights')\n"


def release(name: str, port: int, version: str = "1") -> FakeRelease:
    return FakeRelease(name=name, port=port, source=HANDLER.format(version=version))


def version_and_pid(port: int) -> tuple[str, int]:
    seen = request(port, "POST", "/", b"{}").json
    return seen["version"], seen["pid"]


def platform_pid(deployer: Deployer) -> int:
    note = read_note(deployer.home)
    assert note is not None
    return note.pid


def plan_of(output: str) -> dict[str, str]:
    """Return the action of each function, as the plan shows it."""
    lines = output.partition("\n\n")[0].splitlines()[1:]
    return {line.split()[1]: line.split()[0] for line in lines}


def test_the_first_deploy_serves_and_the_second_has_nothing_to_do(deployer: Deployer) -> None:
    port = free_port()
    build = deployer.build(release("echo", port), release("other", free_port()))
    first = deployer.run(build=build)
    assert first.returncode == 0, first.stderr
    assert plan_of(first.stdout) == {"echo": "create", "other": "create"}
    assert f"http://127.0.0.1:{port}\n" in first.stdout
    assert f"CVAT_NUCLIO_PORT={deployer.port}" in first.stdout
    assert build.environments_made == 1
    before = version_and_pid(port)
    assert before[0] == "1"

    second = deployer.run("apply", build=build)
    assert second.returncode == 0
    assert plan_of(second.stdout) == {"echo": "unchanged", "other": "unchanged"}
    assert second.stderr == ""
    assert version_and_pid(port) == before


def test_only_what_was_edited_restarts(deployer: Deployer) -> None:
    ports = free_port(), free_port()
    deployer.run(build=deployer.build(release("echo", ports[0]), release("other", ports[1])))
    other = version_and_pid(ports[1])
    platform = platform_pid(deployer)
    edited = deployer.build(release("echo", ports[0], "2"), release("other", ports[1]))
    done = deployer.run(build=edited)
    assert plan_of(done.stdout) == {"echo": "update", "other": "unchanged"}
    assert "sources changed" in done.stdout
    assert version_and_pid(ports[0])[0] == "2"
    assert version_and_pid(ports[1]) == other
    assert platform_pid(deployer) == platform
    assert edited.environments_made == 0


def test_a_broken_version_is_reported_and_the_old_one_serves(deployer: Deployer) -> None:
    ports = free_port(), free_port()
    deployer.run(build=deployer.build(release("echo", ports[0])))
    broken = FakeRelease(name="echo", port=ports[0], source=BROKEN)
    build = deployer.build(broken, release("other", ports[1]))
    done = deployer.run(build=build)
    assert done.returncode == 1
    assert "echo was not deployed" in done.stderr
    assert "RuntimeError: no such weights" in done.stderr
    assert "the previous version still serves" in done.stderr
    assert version_and_pid(ports[0])[0] == "1"
    assert version_and_pid(ports[1])[0] == "1"
    # The next run notices that it is not what was built, and fixes it.
    again = deployer.run(build=deployer.build(release("echo", ports[0], "2")))
    assert again.returncode == 0
    assert version_and_pid(ports[0])[0] == "2"


NOT_WRITTEN = """
from modelyard.serving.author.model import Detector, NotWrittenError


class Nothing(Detector):
    def load(self, assets, device):
        pass

    def detect(self, image, threshold):
        raise NotWrittenError("functions/openvino/nothing/handler.py")
"""


def test_a_function_that_is_not_written_is_not_deployed(deployer: Deployer) -> None:
    port = free_port()
    nothing = FakeRelease(
        name="nothing",
        port=free_port(),
        source=NOT_WRITTEN,
        handler="modelyard.serving.worker.nuclio:handler",
        model={"schema": 1, "name": "nothing", "type": "detector", "model": "tiny:Nothing"},
    )
    done = deployer.run(build=deployer.build(release("echo", port), nothing))
    assert done.returncode == 1
    assert done.stderr.rstrip().splitlines()[-1] == (
        "nothing was not deployed: it answered a sample request with 501: "
        "there is no model here yet; write it in functions/openvino/nothing/handler.py"
    )
    assert version_and_pid(port)[0] == "1"


def test_a_blocked_function_does_not_hold_up_the_others(deployer: Deployer) -> None:
    port = free_port()
    blocked = FakeRelease(name="gone", port=free_port(), blocked="its weights cannot be fetched")
    build = deployer.build(release("echo", port), blocked)
    done = deployer.run(build=build)
    assert done.returncode == 0
    assert "its weights cannot be fetched" in done.stdout
    assert version_and_pid(port)[0] == "1"
    strict = deployer.run("--strict", build=build)
    assert strict.returncode == 3
    assert strict.stderr.strip() == "gone was not deployed: its weights cannot be fetched"


def test_a_taken_function_port_is_reported_with_its_holder(deployer: Deployer) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = deployer.run(build=deployer.build(release("echo", taken.getsockname()[1])))
    assert done.returncode == 1
    name = psutil.Process().name()
    assert f"is already taken by {name} (process {os.getpid()})" in done.stderr


def test_a_taken_dashboard_port_is_reported_with_its_holder(deployer: Deployer) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", deployer.port))
        taken.listen()
        done = deployer.run(build=deployer.build(release("echo", free_port())))
    assert done.returncode == 1
    assert f"did not start: port {deployer.port} is already taken by" in done.stderr
    assert f"(process {os.getpid()})" in done.stderr
    assert "MODELYARD_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_dependencies_that_cannot_be_installed_are_reported(deployer: Deployer) -> None:
    build = deployer.build(release("echo", free_port()), broken="wrong platform")
    done = deployer.run(build=build)
    assert done.returncode == 1
    assert "wrong platform" in done.stderr
    assert "Traceback" not in done.stderr


def test_two_deployers_at_once_do_the_work_once(deployer: Deployer) -> None:
    port = free_port()
    build = deployer.build(release("echo", port), release("other", free_port()))
    calls = [deployer.start(build=build) for _ in range(2)]
    outputs = [call.communicate(timeout=120) for call in calls]
    assert [call.returncode for call in calls] == [0, 0], outputs
    plans = sorted(plan_of(out)["echo"] for out, _ in outputs)
    assert plans == ["create", "unchanged"]
    assert build.environments_made == 1
    assert version_and_pid(port)[0] == "1"


def test_functions_no_longer_built_are_removed_only_by_prune(deployer: Deployer) -> None:
    ports = free_port(), free_port()
    deployer.run(build=deployer.build(release("echo", ports[0]), release("old", ports[1])))
    smaller = deployer.build(release("echo", ports[0]))
    kept = deployer.run(build=smaller)
    assert plan_of(kept.stdout) == {"echo": "unchanged", "old": "keep"}
    assert version_and_pid(ports[1])[0] == "1"
    pruned = deployer.run("--prune", build=smaller)
    assert plan_of(pruned.stdout) == {"echo": "unchanged", "old": "remove"}
    assert list(deployer.home.functions.iterdir()) == [deployer.home.functions / "echo.json"]


def test_a_killed_platform_is_started_again_with_all_it_had(deployer: Deployer) -> None:
    port = free_port()
    build = deployer.build(release("echo", port))
    deployer.run(build=build)
    platform = platform_pid(deployer)
    os.kill(platform, signal.SIGKILL)
    until(lambda: has_ended(platform))
    assert plan_of(deployer.run("plan", build=build).stdout) == {"echo": "unchanged"}
    done = deployer.run(build=build)
    assert plan_of(done.stdout) == {"echo": "unchanged"}
    assert version_and_pid(port)[0] == "1"


def test_the_platform_inherits_nothing_from_its_starter(deployer: Deployer) -> None:
    deployer.run(build=deployer.build(release("echo", free_port())))
    pid = platform_pid(deployer)
    process = Path(f"/proc/{pid}")
    assert os.getsid(pid) == pid
    assert (process / "cwd").readlink() == deployer.home.root
    files = [(process / "fd" / number).readlink() for number in "012"]
    assert files == [Path(os.devnull), deployer.home.platform_log, deployer.home.platform_log]


def test_the_platform_runs_from_its_pex_and_a_new_one_replaces_it(
    deployer: Deployer, tmp_path: Path
) -> None:
    port = free_port()
    build = deployer.build(release("echo", port))
    platforms = []
    for number in ("1", "2"):
        pex = tmp_path / f"platform{number}.pex"
        write_pex(pex, counter=tmp_path / "counter", info=f'{{"code_hash": "{number}"}}')
        done = deployer.run("--platform-pex", str(pex), build=build)
        assert done.returncode == 0, done.stderr
        # The platform must not need the build's files.
        (pex / "__main__.py").unlink()
        note = read_note(deployer.home)
        assert note is not None
        (environment,) = deployer.home.platforms.iterdir()
        assert environment.name == note.digest
        platforms.append(note.pid)
    assert "replacing the platform" in done.stderr
    assert plan_of(done.stdout) == {"echo": "unchanged"}
    assert platforms[0] != platforms[1]
    assert has_ended(platforms[0])
    assert version_and_pid(port)[0] == "1"


def test_a_home_that_is_not_writable_is_reported(deployer: Deployer) -> None:
    deployer.home.root.write_text("a file in its place")
    done = deployer.run(build=deployer.build(release("echo", free_port())))
    deployer.home.root.unlink()
    assert done.returncode == 1
    assert "MODELYARD_HOME" in done.stderr
    assert "Traceback" not in done.stderr


def test_old_releases_are_removed_when_nothing_needs_them(deployer: Deployer) -> None:
    port = free_port()
    for version in ("1", "2", "3"):
        deployer.run(build=deployer.build(release("echo", port, version)))
    # The last one, and the one before it, which may have been finishing its requests.
    assert len(list(deployer.home.releases.iterdir())) == 2
