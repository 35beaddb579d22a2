"""Faults of a function itself, its image or its port; the old version keeps serving."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from modelyard_tools.deployer.nuclio.testing.versions import TRACEBACK, echo, finish, require_served
from modelyard_tools.deployer.nuclio.testing.world import NuclioRelease, World, answering
from modelyard_tools.testing.ports import free_port


def test_a_missing_image_of_an_update_leaves_the_old_version(world: World, port: int) -> None:
    # The engine loses the image under its moving name; the running one keeps its own.
    world.docker("image", "rm", echo(port, "1").image)
    build = world.deployer.build(echo(port, "2"))
    done = world.deployer.run(build=build)
    assert done.returncode == 1
    assert "echo was not deployed: image modelyard/echo:cpu" in done.stderr
    assert "not found, neither here nor in a registry" in done.stderr
    assert "-nuclio -- load" in done.stderr
    assert answering(port) == "1"
    finish(world, port)


def test_a_missing_image_does_not_keep_other_functions_from_being_updated(
    world: World, port: int
) -> None:
    other = NuclioRelease(name="other", port=free_port())
    build = world.deployer.build(echo(port, "2"), other)
    world.load_image(echo(port, "2"))
    done = world.deployer.run(build=build)
    assert done.returncode == 1
    assert "other was not deployed: image modelyard/other:cpu" in done.stderr
    assert "not found, neither here nor in a registry" in done.stderr
    require_served(world, port)
    world.load_image(other)
    done = world.deployer.run(build=build)
    assert done.returncode == 0, done.stderr
    assert answering(other.port) == "1"
    require_served(world, port, "other")


def test_an_image_without_a_health_check_is_refused(world: World, port: int) -> None:
    build = world.build(echo(port, "2"))
    world.load_image(echo(port, "2"), Healthcheck=False)
    done = world.deployer.run(build=build)
    assert done.returncode == 1
    assert "HEALTHCHECK" in done.stderr
    assert answering(port) == "1"
    finish(world, port)


def test_a_function_that_fails_to_start_never_replaces_the_old_one(world: World, port: int) -> None:
    build = world.build(echo(port, "2", fails=TRACEBACK))
    done = world.deployer.run(build=build)
    assert done.returncode == 1
    explanation = done.stderr.split("echo was not deployed: ")[1].splitlines()
    assert explanation[1].startswith("probable cause: the module torch is missing")
    assert "ModuleNotFoundError: No module named 'torch'" in explanation
    assert len(explanation) <= 10
    assert "_nuclio_wrapper" not in done.stderr
    assert answering(port) == "1"
    verbose = world.deployer.run("--verbose", build=build)
    assert "_nuclio_wrapper" in verbose.stderr
    finish(world, port)


def test_a_function_that_does_not_become_ready_never_replaces_the_old_one(
    world: World, port: int
) -> None:
    slow = NuclioRelease(name="echo", port=port, version="2", behaviour={"loads": 600}, readiness=1)
    done = world.deployer.run(build=world.build(slow))
    assert done.returncode == 1
    assert "did not get ready within 1 s" in done.stderr
    assert answering(port) == "1"
    finish(world, port)


def test_a_function_that_answers_wrongly_never_replaces_the_old_one(
    world: World, port: int
) -> None:
    done = world.deployer.run(build=world.build(echo(port, "2", answers=500)))
    assert done.returncode == 1
    assert "it answered a sample request with 500" in done.stderr
    assert answering(port) == "1"
    finish(world, port)


@contextmanager
def listening(port: int) -> Iterator[None]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        yield


def test_a_port_taken_by_a_process_is_reported_before_anything_is_touched(
    world: World, port: int
) -> None:
    """An update that moves to a taken port keeps the current one."""
    moved = free_port()
    build = world.build(echo(moved, "2"))
    with listening(moved):
        done = world.deployer.run(build=build)
        assert done.returncode == 1
        assert f"port {moved} is already taken by" in done.stderr
        assert answering(port) == "1"
    finish(world, moved)


def test_a_taken_port_does_not_keep_other_functions_from_being_updated(
    world: World, port: int
) -> None:
    other = free_port()
    build = world.build(echo(port, "2"), NuclioRelease(name="other", port=other))
    with listening(other):
        done = world.deployer.run(build=build)
        assert done.returncode == 1
        assert f"port {other} is already taken by" in done.stderr
        assert world.nuclio.function("other") is None
        require_served(world, port)
    assert world.deployer.run(build=build).returncode == 0
    assert answering(other) == "1"
    require_served(world, port, "other")


def test_a_port_taken_between_the_check_and_the_deployment(world: World, port: int) -> None:
    """Only Nuclio notices; the function returns to its old port."""
    moved = free_port()
    build = world.build(echo(moved, "2"))
    world.nuclio.faults.plant(
        "nuclio removed", "fail", text=f"Bind for 0.0.0.0:{moved} failed: port is already allocated"
    )
    done = world.deployer.run(build=build)
    assert done.returncode == 1
    assert "probable cause: its port is taken" in done.stderr
    assert answering(port) == "1"
    finish(world, moved)


def test_a_port_of_another_function(world: World, port: int) -> None:
    """The newcomer is refused and blocks no other update; it may have another port."""
    thief = NuclioRelease(name="thief", port=port)
    done = world.deployer.run(build=world.build(thief))
    assert done.returncode == 1
    assert f"port {port} is already taken by the function echo" in done.stderr
    assert world.nuclio.function("thief") is None
    assert answering(port) == "1"
    finish(world, port)
    moved = NuclioRelease(name="thief", port=free_port())
    done = world.deployer.run(build=world.build(echo(port, "2"), moved))
    assert done.returncode == 0, done.stderr
    assert answering(moved.port) == "1"
    require_served(world, port, "thief")


def test_an_update_that_wants_the_port_of_another_function(world: World, port: int) -> None:
    holder = NuclioRelease(name="holder", port=free_port())
    assert world.deployer.run(build=world.build(holder)).returncode == 0
    done = world.deployer.run(build=world.build(echo(holder.port, "2")))
    assert done.returncode == 1
    assert f"port {holder.port} is already taken by the function holder" in done.stderr
    assert answering(port) == "1"
    assert world.deployer.run("delete", "holder").returncode == 0
    finish(world, holder.port)


def test_an_update_that_wants_the_port_of_a_container(world: World, port: int) -> None:
    database = NuclioRelease(name="database", port=free_port())
    world.load_image(database, Command=[sys.executable, "-c", "import time; time.sleep(600)"])
    published = f"{database.port}:8080"
    world.docker("create", "--name", "database", "--publish", published, database.image)
    world.docker("start", "database")
    done = world.deployer.run(build=world.build(echo(database.port, "2")))
    assert done.returncode == 1
    assert f"port {database.port} is already taken by the container database" in done.stderr
    assert answering(port) == "1"
    world.docker("rm", "--force", "database")
    finish(world, database.port)
