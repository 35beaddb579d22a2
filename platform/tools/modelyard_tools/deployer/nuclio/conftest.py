"""A machine with Docker and Nuclio for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard_tools.deployer.nuclio.testing.versions import echo, serve
from modelyard_tools.deployer.nuclio.testing.world import World
from modelyard_tools.testing.ports import free_port


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The doubles, with a deployer that uses them."""
    world = World(tmp_path)
    for name, value in world.environment().items():
        monkeypatch.setenv(name, value)
    try:
        yield world
    finally:
        world.close()


@pytest.fixture
def port(world: World) -> int:
    """The port of the function `echo`, whose version 1 serves."""
    port = free_port()
    serve(world, echo(port, "1"))
    return port
