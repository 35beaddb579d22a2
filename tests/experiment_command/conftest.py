"""What these tests share."""

import pytest

from experiment_command.packaged import Experiment


@pytest.fixture(scope="session")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    """The command, unpacked once."""
    return Experiment(tmp_path_factory.mktemp("pex"))
