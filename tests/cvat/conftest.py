"""The real embedded platform with a tiny function of every type, called as by CVAT."""

from collections.abc import Iterator

import pytest

from cvat.client import CvatServer, Mode
from modelyard_tools.embedded.testing.process import PlatformProcess
from modelyard_tools.embedded.testing.tiny import one_of_each
from modelyard_tools.home.folders import Home


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformProcess]:
    """A platform on which every tiny function is ready."""
    with PlatformProcess(Home(tmp_path_factory.mktemp("home"))) as running:
        for release in one_of_each():
            status = running.deploy(release)["status"]
            if status["state"] != "ready":
                raise AssertionError(status["message"])
        yield running


@pytest.fixture(params=["dashboard", "direct"])
def mode(request: pytest.FixtureRequest) -> Mode:
    """CVAT's two invocation modes."""
    # Not declared in the oldest pytest that Pants supports.
    chosen: Mode = request.param  # type: ignore[attr-defined]
    return chosen


@pytest.fixture
def cvat(platform: PlatformProcess, mode: Mode) -> CvatServer:
    """A CVAT server that uses the platform."""
    return CvatServer(platform.port, mode)
