"""A machine with Docker and Nuclio for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.nuclio.testing.world import World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The doubles, with the deployer led to them."""
    world = World(tmp_path)
    for name, value in world.environment().items():
        monkeypatch.setenv(name, value)
    try:
        yield world
    finally:
        world.close()
