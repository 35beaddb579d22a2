"""`./pants experiment` as the build packages it, in an environment of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

VARIABLE: Final = "MODELYARD_TEST_EXPERIMENT"


class Experiment:
    """Runs the command in a folder."""

    def __init__(self, cache: Path) -> None:
        """Find the PEX; `cache` is for what it unpacks."""
        named = os.environ.get(VARIABLE)
        if not named:
            pytest.fail(f"{VARIABLE} must name the packaged command")
        self._program = Path(named).absolute()
        self._cache = cache

    def run(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it with these arguments; paths among them start at `folder`."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PEX", "PYTHON", "MODELYARD"))
        }
        return subprocess.run(  # noqa: S603 - our own program
            [sys.executable, str(self._program), *arguments],
            cwd=folder,
            env={**inherited, "PEX_ROOT": str(self._cache)},
            capture_output=True,
            text=True,
            check=False,
        )
