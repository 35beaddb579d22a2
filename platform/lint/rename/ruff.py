"""What Ruff does after the renaming: sort imports, break lines, and say what is left."""

import subprocess
from pathlib import Path
from typing import Final

from layout import OWN_FOLDER

_CONFIG: Final = "platform/lint/ruff.toml"
# Stand-ins for what is not of this repository keep the style of what they stand for.
_LEFT_ALONE: Final = (OWN_FOLDER, "tests/image_suite/onbuild")
_COMMANDS: Final = (["check", "--select=I", "--fix"], ["format"], ["check"])


def tidied(repository: Path, program: Path) -> bool:
    """Sort and format the whole tree; return whether Ruff finds nothing wrong any more."""
    shared = [f"--config={_CONFIG}", "--no-cache", *(f"--exclude={path}" for path in _LEFT_ALONE)]
    codes = [
        subprocess.run([program, *command, *shared, "."], cwd=repository, check=False).returncode  # noqa: S603
        for command in _COMMANDS
    ]
    return not any(codes)
