"""Platforms for the tests in this folder; every one is stopped, whatever the test does."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from modelyard_tools.embedded.testing.process import PlatformProcess
from modelyard_tools.home.folders import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    return Home(tmp_path / "home")


@pytest.fixture
def processes() -> Iterator[ExitStack]:
    """Processes that a test started and that must not outlive it."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def platform(home: Home, processes: ExitStack) -> PlatformProcess:
    """A platform that runs on an empty home."""
    return processes.enter_context(PlatformProcess(home))
