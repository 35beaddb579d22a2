"""Files to add to a layer, by their paths on `sys.path`."""

from collections.abc import Callable
from pathlib import Path

import msgspec


class Member(msgspec.Struct, frozen=True):
    """A file: its path, a function that reads it, and whether it is executable."""

    path: str
    read: Callable[[], bytes]
    executable: bool


def member_of(path: str, file: Path) -> Member:
    """Return `file` as the member at `path`."""
    return Member(path, file.read_bytes, bool(file.stat().st_mode & 0o100))


def members_in(folder: Path) -> list[Member]:
    """Return the files of a folder, sorted by path, without compiled Python."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    found = [(path.relative_to(folder).as_posix(), path) for path in paths]
    return [member_of(name, path) for name, path in found if "__pycache__" not in path.parts]
