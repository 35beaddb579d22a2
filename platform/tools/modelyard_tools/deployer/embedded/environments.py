"""Python environments made from PEXes."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from modelyard_tools.deployer.core.errors import DeployError

# Variables that would make another Python behave like this one.
_PREFIXES: Final = ("PEX_", "PYTHON", "VIRTUAL_ENV", "__PYVENV")
_TAIL_LINES: Final = 5


def clean_environment(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment without the variables that Python and Pex read."""
    env = os.environ if env is None else env
    return {key: value for key, value in env.items() if not key.startswith(_PREFIXES)}


def base_python() -> Path:
    """Return the base interpreter of the environment that runs this."""
    return Path(sys.executable).resolve()


def is_complete(folder: Path) -> bool:
    """Whether an environment exists, and its interpreter still does."""
    return (folder / "bin" / "python").exists()


def make_environment(pex: Path, folder: Path) -> None:
    """Turn `pex`, a file or a packed folder, into the environment `folder`.

    The environment appears there complete or not at all. Must not run twice at the
    same time for one folder.

    Raises:
        DeployError: the PEX is missing or cannot be unpacked here.
    """
    if not pex.exists():
        raise DeployError(f"PEX {pex} not found; build again")
    # Left by an interrupted run, or an environment whose interpreter is gone.
    if folder.exists():
        shutil.rmtree(folder)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as scratch:
        made = Path(scratch) / "venv"
        _unpack(pex, made, Path(scratch) / "pex-root")
        made.rename(folder)


def _unpack(pex: Path, made: Path, pex_root: Path) -> None:
    # Pex hard-links files from its root if it can, so the root must be on the same disk.
    env = clean_environment() | {"PEX_TOOLS": "1", "PEX_ROOT": str(pex_root)}
    _run([str(base_python()), str(pex), "venv", str(made)], env, pex)
    _run([str(made / "bin" / "python"), "-c", ""], clean_environment(), pex)


def _run(command: list[str], env: dict[str, str], pex: Path) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter, and a PEX of the build
            command, env=env, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise DeployError(f"cannot create an environment from {pex}: {error}") from None
    if done.returncode:
        output = (done.stderr.strip() or done.stdout.strip()).splitlines()[-_TAIL_LINES:]
        raise DeployError("\n".join([f"cannot create an environment from {pex}:", *output]))
