"""`./pants experiment` as packaged by the build, in its own environment."""

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
        """Find the PEX; it unpacks itself to `cache`."""
        named = os.environ.get(VARIABLE)
        if not named:
            pytest.fail(f"{VARIABLE} must name the packaged command")
        self._program = Path(named).absolute()
        self._cache = cache

    def run(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it with these arguments; relative paths start at `folder`."""
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
