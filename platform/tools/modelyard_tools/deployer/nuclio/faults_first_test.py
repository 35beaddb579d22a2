"""A fault in a function's first deployment: nothing is left of it, and the next run finishes it.

There is no old version, so either nothing answers, or the new one does.
"""

import socket

import pytest

from modelyard_tools.deployer.nuclio.testing.versions import (
    TEXTS,
    TRACEBACK,
    answers_now,
    apply_killed_at,
    echo,
    finish,
)
from modelyard_tools.deployer.nuclio.testing.world import NuclioRelease, World
from modelyard_tools.testing.ports import free_port


@pytest.fixture
def port() -> int:
    """A port with nothing deployed on it."""
    return free_port()


def require_nothing(world: World, port: int) -> None:
    assert answers_now(world, port) is None
    assert world.nuclio.function("echo") is None
    assert not world.containers()


@pytest.mark.parametrize(
    ("point", "do"),
    [
        ("docker create trial", "engine-dies"),
        ("docker cp trial", "fail"),
        ("docker create nuclio", "engine-dies"),
        ("docker start nuclio", "fail"),
    ],
)
def test_an_engine_that_dies_or_is_full(world: World, port: int, point: str, do: str) -> None:
    build = world.build(echo(port, "2"))
    world.docker_faults.plant(point, do, text=TEXTS[do])
    done = world.deployer.run(build=build)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    if "nuclio" in point:
        assert "there was no previous version" in done.stderr
    assert answers_now(world, port) is None
    assert world.nuclio.function("echo") is None
    finish(world, port)


@pytest.mark.parametrize(
    ("via", "point"),
    [
        ("rest", "docker start trial"),
        ("rest", "http PUT"),
        ("rest", "nuclio removed"),
        ("rest", "nuclio healthy"),
        ("nuctl", "nuclio started"),
    ],
)
def test_a_deployer_killed_at_any_step(world: World, port: int, via: str, point: str) -> None:
    apply_killed_at(world, port, via, point)
    assert answers_now(world, port) in (None, "2")
    finish(world, port, via)


def test_nuctl_and_the_deployer_killed_together(world: World, port: int) -> None:
    build = world.build(echo(port, "2"))
    world.nuclio.faults.plant("nuclio healthy", "abandon")
    done = world.deployer.run("--via", "nuctl", build=build)
    assert done.returncode == 1
    finish(world, port, "nuctl")


@pytest.mark.parametrize("point", ["http POST", "http PUT", "http PUT answer"])
def test_a_network_that_is_cut_for_a_moment(world: World, port: int, point: str) -> None:
    build = world.build(echo(port, "2"))
    world.nuclio.faults.plant(point, "cut", times=2)
    done = world.deployer.run(build=build)
    if point == "http POST":
        assert done.returncode == 1
        assert answers_now(world, port) is None
    else:
        # It is sent again; if it had arrived after all, it is waited for.
        assert done.returncode == 0, done.stderr
        assert answers_now(world, port) == "2"
    finish(world, port)


def test_a_missing_image(world: World, port: int) -> None:
    done = world.deployer.run(build=world.deployer.build(echo(port, "2")))
    assert done.returncode == 1
    assert "image modelyard/echo:cpu" in done.stderr
    assert "not found, neither here nor in a registry" in done.stderr
    require_nothing(world, port)
    finish(world, port)


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        ({"fails": TRACEBACK}, "the module torch is missing"),
        ({"loads": 600}, "did not get ready within 1 s"),
    ],
)
def test_a_function_that_does_not_start(
    world: World, port: int, behaviour: dict[str, object], why: str
) -> None:
    broken = NuclioRelease(name="echo", port=port, version="2", behaviour=behaviour, readiness=1)
    done = world.deployer.run(build=world.build(broken))
    assert done.returncode == 1
    assert why in done.stderr
    require_nothing(world, port)
    finish(world, port)


def test_a_port_that_is_taken(world: World, port: int) -> None:
    build = world.build(echo(port, "2"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        done = world.deployer.run(build=build)
    assert done.returncode == 1
    assert f"port {port} is already taken by" in done.stderr
    require_nothing(world, port)
    finish(world, port)


def test_a_port_taken_between_the_check_and_the_deployment(world: World, port: int) -> None:
    build = world.build(echo(port, "2"))
    world.nuclio.faults.plant(
        "nuclio removed", "fail", text=f"Bind for 0.0.0.0:{port} failed: port is already allocated"
    )
    done = world.deployer.run(build=build)
    assert done.returncode == 1
    assert "probable cause: its port is taken" in done.stderr
    require_nothing(world, port)
    finish(world, port)


def test_a_disk_that_is_full_for_the_deployer_itself(world: World, port: int) -> None:
    build = world.build(echo(port, "2"))
    history = world.deployer.home.root / "history"
    history.parent.mkdir(parents=True, exist_ok=True)
    # A file in its place cannot be written to, like a full disk, even by root.
    history.write_text("")
    done = world.deployer.run(build=build)
    assert done.returncode == 1
    assert "cannot write to" in done.stderr
    require_nothing(world, port)
    history.unlink()
    finish(world, port)
