"""Control groups (version 2) of our own, if the system permits them."""

import contextlib
import itertools
import logging
import os
from pathlib import Path
from typing import Final, Self

_log = logging.getLogger(__name__)

_WANTED: Final = ("cpu", "memory")
# The kernel accounts a group's processor time in periods of this many microseconds.
_PERIOD: Final = 100_000
_PREFIX: Final = "modelyard-"
_PLATFORM: Final = "modelyard"


class Groups:
    """Creates groups below `root`, whose children may be limited."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._numbers = itertools.count(1)

    @classmethod
    def open(cls, own: Path | None = None) -> Self | None:
        """Prepare our own group for children; None if we are not permitted to.

        A group with limited children must not contain processes itself, so this
        process moves to a child. Only tests pass `own`.
        """
        root = own or _own_group()
        if root is None or not set(_WANTED) <= set(_words(root / "cgroup.controllers")):
            return None
        inner = root / _PLATFORM
        try:
            inner.mkdir(exist_ok=True)
            (inner / "cgroup.procs").write_text(str(os.getpid()))
            (root / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in _WANTED))
        except OSError as error:
            # Other processes are in our group, or it belongs to another user.
            _log.info("no control groups here: %s", error)
            with contextlib.suppress(OSError):
                (root / "cgroup.procs").write_text(str(os.getpid()))
                inner.rmdir()
            return None
        groups = cls(root)
        groups._clear()
        return groups

    def make(self, name: str, *, memory: int | None, cpus: float | None) -> Path:
        """Create a group limited to `memory` bytes and `cpus` cores; return its folder.

        Raises:
            OSError: the kernel refuses.
        """
        group = self._root / f"{_PREFIX}{os.getpid()}-{next(self._numbers)}-{name}"
        group.mkdir()
        try:
            if memory is not None:
                (group / "memory.max").write_text(str(memory))
                with contextlib.suppress(FileNotFoundError):
                    (group / "memory.swap.max").write_text("0")
            if cpus is not None:
                (group / "cpu.max").write_text(f"{round(cpus * _PERIOD)} {_PERIOD}")
        except OSError:
            group.rmdir()
            raise
        return group

    def _clear(self) -> None:
        """Remove the groups of a platform that was killed; those in use remain."""
        for group in self._root.glob(f"{_PREFIX}*"):
            with contextlib.suppress(OSError):
                group.rmdir()


def _own_group() -> Path | None:
    """Return the folder of this process's group."""
    mount = next((line[4] for line in _mounts() if _file_system(line) == "cgroup2"), None)
    inside = next(
        (line[3:] for line in _lines(Path("/proc/self/cgroup")) if line.startswith("0::")), None
    )
    return Path(mount) / inside.lstrip("/") if mount and inside else None


def _mounts() -> list[list[str]]:
    return [line.split() for line in _lines(Path("/proc/self/mountinfo"))]


def _file_system(mount: list[str]) -> str:
    """Return the type in a line of mountinfo: it follows a dash after optional fields."""
    return mount[mount.index("-") + 1] if "-" in mount[:-1] else ""


def _words(path: Path) -> list[str]:
    return [word for line in _lines(path) for word in line.split()]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
