"""The files of the repository, and what of them is rewritten."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

from layout import OLD_ROOT, OWN_FOLDER, moves

# Locks, data and what speaks of other things; the console's code names no module.
_LEFT_ALONE: Final = (
    ".jpg", ".png", ".svg", ".whl", ".lock", ".in", ".js", ".css", ".gitignore",
)  # fmt: skip
_GIT: Final = "git"


class NotCleanError(Exception):
    """The working copy holds changes that the renaming would mix with its own."""


def files(repository: Path) -> list[str]:
    """Return the paths of all files that git knows, but for this program's own."""
    paths = _git(repository, "ls-files", "-z").split("\0")
    return [path for path in paths if path and not path.startswith(f"{OWN_FOLDER}/")]


def require_clean(repository: Path) -> None:
    """Accept a working copy without changes.

    Raises:
        NotCleanError: it has some.
    """
    changes = _git(repository, "status", "--porcelain")
    if changes:
        raise NotCleanError(f"commit or stash first:\n{changes}")


def is_text(path: str) -> bool:
    """Whether the rules for text apply to a file."""
    return not path.endswith(_LEFT_ALONE)


def move(repository: Path) -> None:
    """Move what is to be moved, and remove what stays of the old folders."""
    for old, new in moves():
        (repository / new).parent.mkdir(parents=True, exist_ok=True)
        for leftover in (repository / old).rglob("__pycache__"):
            shutil.rmtree(leftover)
        _git(repository, "mv", old, new)
    if (repository / OLD_ROOT).exists():
        shutil.rmtree(repository / OLD_ROOT)


def _git(repository: Path, *arguments: str) -> str:
    command = [_GIT, "-C", str(repository), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout
