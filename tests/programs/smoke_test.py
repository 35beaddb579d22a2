"""A packaged program: it starts, and contains everything its code may import.

Its other tests run from source, with their own dependencies.
"""

import os
import subprocess
import sys
import zipfile
from importlib.resources import files
from pathlib import Path, PurePosixPath

import pytest

PROGRAM = Path(os.environ["MODELYARD_TEST_PROGRAM"])
# Pex's own files at the top of a PEX; the rest is our code.
_OF_PEX = (".bootstrap", ".deps", "__pex__", "__main__.py")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return environment variables: without this test's packages, with a folder to unpack to."""
    root = tmp_path_factory.mktemp("pex")
    return {
        "PATH": os.environ["PATH"],
        "PEX_ROOT": str(root),
        "HOME": str(root),
        "LC_ALL": "C.UTF-8",
    }


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(PROGRAM), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_starts(environment: dict[str, str]) -> None:
    done = run(environment, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.lower().startswith("usage:"), done.stdout


def test_whatever_its_code_imports_is_in_it(environment: dict[str, str]) -> None:
    code = files("programs").joinpath("inside.py").read_text()
    modules = sorted(own_modules(PROGRAM))
    assert modules
    done = run({**environment, "PEX_INTERPRETER": "1"}, "-c", code, *modules)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    assert done.stdout == f"{len(modules)} modules\n"


def own_modules(pex: Path) -> set[str]:
    """Return our modules in a PEX file or folder."""
    return {
        ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        for path in map(PurePosixPath, members(pex))
        if path.suffix == ".py" and path.parts[0] not in _OF_PEX
    }


def members(pex: Path) -> list[str]:
    if pex.is_dir():
        return [file.relative_to(pex).as_posix() for file in pex.rglob("*.py")]
    with zipfile.ZipFile(pex) as archive:
        return archive.namelist()
