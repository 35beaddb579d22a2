import subprocess
from pathlib import Path

import pytest

from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.embedded.environments import (
    clean_environment,
    is_complete,
    make_environment,
)
from modelyard_tools.deployer.testing.deployer import write_pex


def test_an_environment_appears_whole_and_alone(tmp_path: Path) -> None:
    write_pex(tmp_path / "x.pex", counter=tmp_path / "counter")
    (tmp_path / "made").mkdir()
    folder = tmp_path / "made" / "environment"
    # What a killed run could have left.
    (folder / "bin").mkdir(parents=True)
    assert not is_complete(folder)
    make_environment(tmp_path / "x.pex", folder)
    assert is_complete(folder)
    assert list(folder.parent.iterdir()) == [folder]
    done = subprocess.run(
        [folder / "bin" / "python", "-c", "import msgspec, sys; print(sys.prefix)"],
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=True,
    )
    assert done.stdout.strip() == str(folder)


def test_a_pex_that_fails_is_quoted_and_leaves_nothing(tmp_path: Path) -> None:
    write_pex(tmp_path / "x.pex", counter=tmp_path / "counter", broken="wrong platform")
    (tmp_path / "made").mkdir()
    with pytest.raises(DeployError, match=r"x\.pex:\nwrong platform"):
        make_environment(tmp_path / "x.pex", tmp_path / "made" / "environment")
    assert list((tmp_path / "made").iterdir()) == []


def test_a_missing_pex_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"PEX .*/x\.pex not found; build again"):
        make_environment(tmp_path / "x.pex", tmp_path / "environment")


def test_nothing_of_this_python_leaks() -> None:
    env = {"PEX_ROOT": "a", "PYTHONPATH": "b", "VIRTUAL_ENV": "c", "HOME": "d", "PATH": "e"}
    assert clean_environment(env) == {"HOME": "d", "PATH": "e"}
