"""A platform with tiny functions and a browser; both are shared by the tests of one file."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from console.chromium import DOWNLOADS, REQUIRED, Browser
from console.page import Console
from modelyard_tools.embedded.testing.process import PlatformProcess
from modelyard_tools.home.folders import Home
from modelyard_tools.testing.releases import FakeRelease

Deploy = Callable[[FakeRelease], FakeRelease]


@pytest.fixture(scope="session")
def browser() -> Browser:
    """The installed browser; without one tests are skipped, or fail if it is required."""
    found = Browser()
    if found.missing:
        message = f"the console is not tested: {found.missing} not installed (apt-get install)"
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for the browser's profile and downloads."""
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="session")
def driver(browser: Browser, folder: Path) -> Iterator[Chrome]:
    """The running browser."""
    with browser.start(folder) as running:
        yield running


@pytest.fixture(scope="session")
def platform(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PlatformProcess]:
    """The platform behind the console."""
    with PlatformProcess(Home(tmp_path_factory.mktemp("home"))) as running:
        yield running


@pytest.fixture(scope="session")
def deploy(platform: PlatformProcess) -> Deploy:
    """Deploy a release unless a function of that name exists already; return the function."""
    there: dict[str, FakeRelease] = {}

    def once(release: FakeRelease) -> FakeRelease:
        if release.name not in there:
            status = platform.deploy(release)["status"]
            if status["state"] != "ready":
                raise AssertionError(status["message"])
            there[release.name] = release
        return there[release.name]

    return once


@pytest.fixture
def console(driver: Chrome, folder: Path, platform: PlatformProcess) -> Iterator[Console]:
    """The console in a window of usual size. Any browser error fails the test."""
    page = Console(driver, platform.port, folder / DOWNLOADS)
    page.resize(1280, 900)
    page.colours("light")
    page.complaints()
    yield page
    complaints = [text for text in page.complaints() if not any(map(text.count, page.expected))]
    if complaints:
        raise AssertionError(complaints)
