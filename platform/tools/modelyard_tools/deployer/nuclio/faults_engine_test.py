"""The engine dies or the disk fills up at each step of an update; the next run finishes it."""

import pytest

from modelyard_tools.deployer.nuclio.testing.versions import TEXTS, answers_now, echo, finish
from modelyard_tools.deployer.nuclio.testing.world import World, answering
from modelyard_tools.embedded.testing.process import until

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
    build = world.build(echo(port, "2"))
    world.docker_faults.plant(point, do, text=TEXTS[do])
    done = world.deployer.run(build=build)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert until(lambda: answers_now(world, port)) == "1"
    finish(world, port)


WHILE_NUCLIO_DEPLOYS = [
    ("rest", "docker rm nuclio", "engine-dies"),
    ("rest", "docker create nuclio", "fail"),
    ("rest", "docker start nuclio", "fail"),
    # The second time: Nuclio first inspects the container that it replaces.
    ("rest", "docker container inspect nuclio", "engine-dies"),
    ("nuctl", "docker create nuclio", "engine-dies"),
    ("nuctl", "docker start nuclio", "fail"),
]


@pytest.mark.parametrize(("via", "point", "do"), WHILE_NUCLIO_DEPLOYS)
def test_what_goes_wrong_in_nuclio_restores_the_old_version(
    world: World, port: int, via: str, point: str, do: str
) -> None:
    build = world.build(echo(port, "2"))
    world.docker_faults.plant(point, do, text=TEXTS[do], skip=int("inspect" in point))
    done = world.deployer.run("--via", via, build=build)
    assert done.returncode == 1
    assert "probable cause: the" in done.stderr
    assert until(lambda: answers_now(world, port)) == "1"
    assert "the previous version" in done.stderr
    finish(world, port, via)


def test_a_disk_that_is_full_for_the_deployer_itself(world: World, port: int) -> None:
    build = world.build(echo(port, "2"))
    history = world.deployer.home.root / "history" / "nuclio"
    kept = history.rename(history.with_name("kept"))
    # A file in its place cannot be written to, like a full disk, even by root.
    history.write_text("")
    done = world.deployer.run(build=build)
    assert done.returncode == 1
    assert "cannot write to" in done.stderr
    assert answering(port) == "1"
    history.unlink()
    kept.rename(history)
    finish(world, port)
