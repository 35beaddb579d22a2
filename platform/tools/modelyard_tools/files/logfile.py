"""Log files that others append to: reading the end, following, and rotating."""

import os
from pathlib import Path
from typing import Final

_BLOCK: Final = 64 * 1024
MAX_BYTES: Final = 16 * 1024 * 1024


def tail(path: Path, lines: int) -> bytes:
    """Return the last `lines` lines of the file; empty if there is no file."""
    if lines <= 0 or not path.exists():
        return b""
    with path.open("rb") as file:
        position = file.seek(0, os.SEEK_END)
        content = b""
        # One more line break than lines: the one that ends the line before them.
        while position and content.count(b"\n") <= lines:
            step = min(_BLOCK, position)
            position -= step
            file.seek(position)
            content = file.read(step) + content
    start = len(content.removesuffix(b"\n"))
    for _ in range(lines):
        start = content.rfind(b"\n", 0, start)
        if start < 0:
            return content
    return content[start + 1 :]


def read_from(path: Path, offset: int) -> tuple[bytes, int]:
    """Return the file's content from `offset` on, at most one block, and the offset of its end.

    An offset beyond the end means that the file was rotated: it is read from the beginning.
    """
    if not path.exists():
        return b"", 0
    with path.open("rb") as file:
        file.seek(0 if offset > size(path) else offset)
        content = file.read(_BLOCK)
        return content, file.tell()


class Follower:
    """Reads what is appended to a log file after this object was made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = size(path)

    def read(self) -> bytes:
        """Return what is new, at most one block; empty if nothing is."""
        content, self._position = read_from(self._path, self._position)
        return content


def size(path: Path) -> int:
    """Return the size of the file in bytes; 0 if there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def rotate(path: Path, max_bytes: int = MAX_BYTES) -> bool:
    """Move the content of a file of more than `max_bytes` to `<name>.1`; return whether it did.

    The file itself is truncated, since other processes keep it open for appending.
    Lines written between the two steps are lost, which is acceptable for a log.
    Both files together stay below about twice the limit.
    """
    if size(path) <= max_bytes:
        return False
    older = path.with_name(f"{path.name}.1")
    with path.open("r+b") as file:
        file.seek(-max_bytes, os.SEEK_END)
        older.write_bytes(file.read())
        file.truncate(0)
    return True
