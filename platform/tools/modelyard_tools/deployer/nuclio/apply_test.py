"""`apply --to nuclio` from the command line to the answering container."""

import os
import sys
from pathlib import Path

import pytest

from modelyard_tools.deployer.nuclio.testing.world import NuclioRelease, World, answering, pid_of
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import HANDLER, absolute_search_path


def release(name: str, port: int, version: str = "1", **behaviour: object) -> NuclioRelease:
    return NuclioRelease(name=name, port=port, version=version, behaviour=behaviour)


def plan_of(output: str) -> dict[str, str]:
    """Return the action of each function, as the plan shows it."""
    lines = output.partition("\n\n")[0].splitlines()[1:]
    return {line.split()[1]: line.split()[0] for line in lines}


@pytest.mark.parametrize("via", ["rest", "nuctl"])
def test_the_first_deploy_serves_and_the_second_has_nothing_to_do(world: World, via: str) -> None:
    port, other = free_port(), free_port()
    build = world.build(release("echo", port), release("other", other))
    first = world.deployer.run("apply", "--via", via, build=build)
    assert first.returncode == 0, first.stderr
    assert plan_of(first.stdout) == {"echo": "create", "other": "create"}
    assert f"http://127.0.0.1:{port}\n" in first.stdout
    assert "cvat" in world.nuclio.projects()
    before = pid_of(port), pid_of(other)

    second = world.deployer.run("apply", "--via", via, build=build)
    assert second.returncode == 0, second.stderr
    assert plan_of(second.stdout) == {"echo": "unchanged", "other": "unchanged"}
    assert (pid_of(port), pid_of(other)) == before
    assert set(world.containers()) == {"nuclio-nuclio-echo", "nuclio-nuclio-other"}


@pytest.mark.parametrize("via", ["rest", "nuctl"])
def test_only_what_was_edited_is_touched(world: World, via: str) -> None:
    port, other = free_port(), free_port()
    world.deployer.run(
        "--via", via, build=world.build(release("echo", port), release("other", other))
    )
    untouched = pid_of(other)
    build = world.build(release("echo", port, "2"), release("other", other))
    done = world.deployer.run("--via", via, build=build)
    assert done.returncode == 0, done.stderr
    assert plan_of(done.stdout) == {"echo": "update", "other": "unchanged"}
    assert answering(port) == "2"
    assert pid_of(other) == untouched
    assert not any(name.startswith("modelyard-trial") for name in world.containers())
    assert os.path.exists(f"/proc/{untouched}")


def test_our_own_runtime_in_the_container(world: World, tmp_path: Path) -> None:
    """Real workers start from the configuration that is tested and deployed."""
    port = free_port()
    real = NuclioRelease(name="echo", port=port, source=HANDLER.format(version="real"))
    real.write_sources(tmp_path / "srcs")
    build = world.build(real)
    search_path = [str(tmp_path / "srcs"), *absolute_search_path()]
    world.load_image(
        real,
        Command=[sys.executable, "-m", "modelyard.serving.server.standalone"],
        Env={"PYTHONPATH": os.pathsep.join(search_path)},
    )
    done = world.deployer.run(build=build)
    assert done.returncode == 0, done.stderr
    assert answering(port) == "real"
    assert "loading real" in world.deployer.run("logs", "echo").stdout


def test_the_trial_runs_with_the_function_s_own_options(world: World) -> None:
    port = free_port()
    given = NuclioRelease(
        name="echo",
        port=port,
        env={"GREETING": "it's"},
        limits={"memory": "1Gi", "cpu": "500m", "nvidia.com/gpu": "1"},
        behaviour={"fails": "stop here"},
    )
    build = world.build(given)
    world.docker_faults.plant("docker rm trial", "fail", skip=1, text="left for the test")
    assert world.deployer.run(build=build).returncode == 1
    options = world.containers()["modelyard-trial-echo"]["Options"]
    for option in (
        ["--env", "GREETING=it's"],
        ["--cpus", "0.5"],
        ["--memory", "1073741824b"],
        ["--gpus", "all"],
        ["--publish", "127.0.0.1::8080"],
    ):
        assert option in options
