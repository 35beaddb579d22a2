"""A fault at each step of `apply`: old or new version answers, and the next run finishes."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deployer.nuclio.testing.world import NuclioRelease, World, answering, answers
from embedded.testing.ports import free_port
from embedded.testing.process import until

FULL = "Error response from daemon: write /var/lib/docker/tmp/x: no space left on device"
TRACEBACK = """\
Traceback (most recent call last):
  File "/opt/nuclio/_nuclio_wrapper.py", line 417, in run_wrapper
    wrapper_instance = Wrapper(
  File "/opt/modelyard/srcs/acme/detector.py", line 3, in <module>
    import torch
ModuleNotFoundError: No module named 'torch'"""
KILLED = -9


def release(port: int, version: str, **behaviour: object) -> NuclioRelease:
    return NuclioRelease(name="echo", port=port, version=version, behaviour=behaviour)


@pytest.fixture
def port(world: World) -> int:
    """The port of a function whose version 1 serves."""
    port = free_port()
    done = world.deployer.run(build=world.build(release(port, "1")))
    assert done.returncode == 0, done.stderr
    return port


def answers_now(world: World, port: int) -> str | None:
    """Return the version that answers. Who asks the engine sees it return."""
    world.engine_is_up()
    return answers(port)


def finish(world: World, port: int, via: str = "rest") -> None:
    """Run apply once more, and require that version 2 then serves and nothing is left over."""
    world.docker_faults.clear()
    world.nuclio.faults.clear()
    done = world.deployer.run("--via", via, build=world.build(release(port, "2")))
    assert done.returncode == 0, done.stderr
    assert answering(port) == "2"
    assert world.state("echo") == "ready"
    assert set(world.containers()) == {"nuclio-nuclio-echo"}


BEFORE_ANYTHING_IS_TOUCHED = [
    ("docker image inspect other", "engine-dies"),
    ("docker create trial", "engine-dies"),
    ("docker cp trial", "fail"),
    ("docker container inspect trial", "engine-dies"),
]


@pytest.mark.parametrize(("point", "do"), BEFORE_ANYTHING_IS_TOUCHED)
def test_what_goes_wrong_on_the_side_leaves_the_old_version(
    world: World, port: int, point: str, do: str
) -> None:
    text = FULL if do == "fail" else "0.5"
    build = world.build(release(port, "2"))
    world.docker_faults.plant(point, do, text=text)
    done = world.deployer.run(build=build)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert until(lambda: answers_now(world, port)) == "1"
    finish(world, port)


WHILE_NUCLIO_DEPLOYS = [
    ("rest", "docker rm nuclio", "engine-dies"),
    ("rest", "docker create nuclio", "fail"),
    ("rest", "docker start nuclio", "fail"),
    # The second time: Nuclio looks at the container that it replaces before.
    ("rest", "docker container inspect nuclio", "engine-dies"),
    ("nuctl", "docker create nuclio", "engine-dies"),
    ("nuctl", "docker start nuclio", "fail"),
]


@pytest.mark.parametrize(("via", "point", "do"), WHILE_NUCLIO_DEPLOYS)
def test_what_goes_wrong_in_nuclio_brings_the_old_version_back(
    world: World, port: int, via: str, point: str, do: str
) -> None:
    text = FULL if do == "fail" else "0.5"
    build = world.build(release(port, "2"))
    world.docker_faults.plant(point, do, text=text, skip=int("inspect" in point))
    done = world.deployer.run("--via", via, build=build)
    assert done.returncode == 1
    assert "probable cause: the" in done.stderr
    assert until(lambda: answers_now(world, port)) == "1"
    assert "the version before it" in done.stderr
    finish(world, port, via)


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
    build = world.build(release(port, "2"))
    faults = world.docker_faults if point.startswith("docker") else world.nuclio.faults
    faults.plant(point, "kill")
    done = world.deployer.run("--via", via, build=build)
    assert done.returncode == KILLED
    assert until(lambda: answers_now(world, port)) in ("1", "2")
    finish(world, port, via)


def test_nuctl_and_the_deployer_killed_together(world: World, port: int) -> None:
    """Nobody works on the deployment any more, and Nuclio says `building` for ever."""
    build = world.build(release(port, "2"))
    world.nuclio.faults.plant("nuclio healthy", "abandon")
    done = world.deployer.run("--via", "nuctl", build=build)
    assert done.returncode == 1
    assert until(lambda: answers_now(world, port)) == "1"
    finish(world, port, "nuctl")


@pytest.mark.parametrize("point", ["http PUT", "http PUT answer", "http GET"])
def test_a_network_that_is_cut_for_a_moment_is_no_failure(
    world: World, port: int, point: str
) -> None:
    build = world.build(release(port, "2"))
    # The first questions are asked before anything begins; those fail, and nothing is touched.
    world.nuclio.faults.plant(point, "cut", times=2, skip=6 if point == "http GET" else 0)
    done = world.deployer.run(build=build)
    assert done.returncode in (0, 1)
    assert answers_now(world, port) == ("2" if done.returncode == 0 else "1")
    finish(world, port)


def test_a_dashboard_that_ends_in_the_middle(world: World, port: int) -> None:
    build = world.build(release(port, "2"))
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


def test_a_missing_image_is_said_with_how_to_make_it(world: World, port: int) -> None:
    build = world.deployer.build(
        NuclioRelease(name="echo", port=port, version="2"),
        NuclioRelease(name="other", port=free_port()),
    )
    world.load_image(release(port, "2"))
    done = world.deployer.run(build=build)
    assert done.returncode == 1
    assert "other was not deployed: there is no image modelyard/other:cpu" in done.stderr
    assert "-nuclio -- load" in done.stderr
    assert answering(port) == "2"


def test_an_image_without_a_health_check_is_refused(world: World, port: int) -> None:
    build = world.build(release(port, "2"))
    world.load_image(release(port, "2"), Healthcheck=False)
    done = world.deployer.run(build=build)
    assert done.returncode == 1
    assert "HEALTHCHECK" in done.stderr
    assert answering(port) == "1"
    finish(world, port)


def test_a_function_that_fails_to_start_never_replaces_the_old_one(world: World, port: int) -> None:
    build = world.build(release(port, "2", fails=TRACEBACK))
    done = world.deployer.run(build=build)
    assert done.returncode == 1
    said = done.stderr.split("echo was not deployed: ")[1].splitlines()
    assert said[1].startswith("probable cause: the module torch is missing")
    assert "ModuleNotFoundError: No module named 'torch'" in said
    assert len(said) <= 10
    assert "_nuclio_wrapper" not in done.stderr
    assert answering(port) == "1"
    verbose = world.deployer.run("--verbose", build=build)
    assert "_nuclio_wrapper" in verbose.stderr
    finish(world, port)


def test_a_function_that_does_not_get_ready_never_replaces_the_old_one(
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
    done = world.deployer.run(build=world.build(release(port, "2", answers=500)))
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


def test_a_port_taken_by_a_process_is_said_before_anything_is_touched(
    world: World, port: int
) -> None:
    other = free_port()
    build = world.build(release(port, "2"), NuclioRelease(name="other", port=other))
    with listening(other):
        done = world.deployer.run(build=build)
        assert done.returncode == 1
        assert f"port {other} is already taken by" in done.stderr
        assert answering(port) == "2"
        assert world.nuclio.function("other") is None
    assert world.deployer.run(build=build).returncode == 0
    assert answering(other) == "1"


def test_a_port_taken_between_the_check_and_the_deployment(world: World, port: int) -> None:
    """Only Nuclio notices; the function goes back to its old port."""
    moved = free_port()
    build = world.build(release(moved, "2"))
    world.nuclio.faults.plant(
        "nuclio removed", "fail", text=f"Bind for 0.0.0.0:{moved} failed: port is already allocated"
    )
    done = world.deployer.run(build=build)
    assert done.returncode == 1
    assert "probable cause: its port is taken" in done.stderr
    assert answering(port) == "1"
    finish(world, moved)


def test_a_port_of_another_function_or_container(world: World, port: int) -> None:
    thief = NuclioRelease(name="thief", port=port)
    done = world.deployer.run(build=world.build(thief))
    assert done.returncode == 1
    assert f"port {port} is already taken by the function echo" in done.stderr
    assert answering(port) == "1"


def test_a_first_deployment_that_fails_in_nuclio_leaves_nothing(world: World) -> None:
    port = free_port()
    build = world.build(release(port, "2"))
    world.docker_faults.plant("docker start nuclio", "fail", text=FULL)
    done = world.deployer.run(build=build)
    assert done.returncode == 1
    assert "there was no version before it" in done.stderr
    assert world.nuclio.function("echo") is None
    finish(world, port)


def test_a_disk_that_is_full_for_the_deployer_itself(world: World, port: int) -> None:
    build = world.build(release(port, "2"))
    history = world.deployer.home.root / "history" / "nuclio"
    kept = history.rename(history.with_name("kept"))
    # A file in its place refuses to be written as a full disk does, also for root.
    history.write_text("")
    done = world.deployer.run(build=build)
    assert done.returncode == 1
    assert "cannot write to" in done.stderr
    assert answering(port) == "1"
    history.unlink()
    kept.rename(history)
    finish(world, port)
