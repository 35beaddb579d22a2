"""The deployer with a separate home; its platform ends with the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard_contract import variables
from modelyard_tools.deployer.embedded import daemon
from modelyard_tools.deployer.testing.deployer import Deployer


@pytest.fixture(autouse=True)
def _no_target_of_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test chooses its own target, whatever the shell's environment says."""
    monkeypatch.delenv(variables.TARGET, raising=False)


@pytest.fixture
def deployer(tmp_path: Path) -> Iterator[Deployer]:
    """A deployer, with no platform yet."""
    deployer = Deployer(tmp_path)
    try:
        yield deployer
    finally:
        if deployer.home.platform_lock.exists():
            daemon.stop(deployer.home)
