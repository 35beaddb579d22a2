"""One real platform per test module, with a working function."""

from collections.abc import Iterator

import pytest

from modelyard_tools.embedded.testing.process import PlatformProcess
from modelyard_tools.home.folders import Home
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import FakeRelease


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformProcess]:
    """A platform with the projects `default` and `cvat`."""
    with PlatformProcess(Home(tmp_path_factory.mktemp("home"))) as platform:
        platform.api("POST", "/api/projects", {"metadata": {"name": "cvat"}})
        yield platform


@pytest.fixture(scope="module")
def echo(platform: PlatformProcess) -> FakeRelease:
    """A detector in the project `cvat` that returns its request."""
    release = FakeRelease(name="echo", port=free_port())
    platform.deploy(release)
    return release
