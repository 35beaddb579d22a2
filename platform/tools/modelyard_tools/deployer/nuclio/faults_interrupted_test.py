"""The deployer is killed, or the network cut, at each step of an update; the next run finishes."""

import pytest

from modelyard_tools.deployer.nuclio.testing.versions import (
    answers_now,
    apply_killed_at,
    echo,
    finish,
)
from modelyard_tools.deployer.nuclio.testing.world import World, answering
from modelyard_tools.embedded.testing.process import until


@pytest.mark.parametrize(
    ("via", "point"),
    [
        ("rest", "docker image inspect other"),
        ("rest", "docker start trial"),
        ("rest", "docker container inspect trial"),
        ("rest", "http PUT"),
        ("rest", "nuclio removed"),
        ("rest", "nuclio started"),
        ("rest", "nuclio healthy"),
        ("rest", "docker image ls other"),
        ("nuctl", "nuclio removed"),
        ("nuctl", "nuclio healthy"),
    ],
)
def test_a_deployer_killed_at_any_step(world: World, port: int, via: str, point: str) -> None:
    apply_killed_at(world, port, via, point)
    assert until(lambda: answers_now(world, port)) in ("1", "2")
    finish(world, port, via)


def test_nuctl_and_the_deployer_killed_together(world: World, port: int) -> None:
    """Nothing works on the deployment any more, and Nuclio reports `building` for ever."""
    build = world.build(echo(port, "2"))
    world.nuclio.faults.plant("nuclio healthy", "abandon")
    done = world.deployer.run("--via", "nuctl", build=build)
    assert done.returncode == 1
    assert until(lambda: answers_now(world, port)) == "1"
    finish(world, port, "nuctl")


@pytest.mark.parametrize("point", ["http PUT", "http PUT answer", "http GET"])
def test_a_network_that_is_cut_for_a_moment_is_no_failure(
    world: World, port: int, point: str
) -> None:
    build = world.build(echo(port, "2"))
    # The first requests precede any change; if they fail, nothing is touched.
    world.nuclio.faults.plant(point, "cut", times=2, skip=6 if point == "http GET" else 0)
    done = world.deployer.run(build=build)
    assert done.returncode in (0, 1)
    assert answers_now(world, port) == ("2" if done.returncode == 0 else "1")
    finish(world, port)


def test_a_dashboard_that_ends_in_the_middle(world: World, port: int) -> None:
    build = world.build(echo(port, "2"))
    world.nuclio.faults.plant("nuclio started", "hang", text="1")
    process = world.deployer.start("apply", "--via", "rest", build=build)
    until(lambda: world.state("echo") == "building")
    world.dashboard.stop()
    until(lambda: world.state("echo") == "ready")
    world.dashboard.start()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert answering(port) == "2"
    assert "echo" in out
    finish(world, port)
