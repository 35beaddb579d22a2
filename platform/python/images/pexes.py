"""What is in a PEX, whichever of its layouts it has: a zip, a packed folder or a loose one."""

import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from images.errors import ImageToolError

# What a PEX brings for itself, at its root.
_OWN: Final = frozenset({".bootstrap", ".deps", "PEX-INFO", "__main__.py", "__pex__"})
# Of an installed wheel: where Pex notes its layout, and what would go into `bin` and the like.
_OF_PEX: Final = frozenset({".layout.json", ".prefix"})


class Member(msgspec.Struct, frozen=True):
    """A file, by its path on `sys.path`."""

    path: str
    read: Callable[[], bytes]
    executable: bool


def distributions(pex: Path) -> dict[str, list[Member]]:
    """Return the files of each installed wheel, by the wheel's name, in the order of names.

    Raises:
        ImageToolError: this is no PEX.
    """
    found: dict[str, list[Member]] = {}
    if not pex.is_dir():
        for member in _zip_members(pex):
            first, _, rest = member.path.partition("/")
            wheel, _, path = rest.partition("/")
            if first == ".deps" and path and not _is_own(path, _OF_PEX):
                found.setdefault(wheel, []).append(msgspec.structs.replace(member, path=path))
        return dict(sorted(found.items()))
    folder = pex / ".deps"
    if not (pex / "PEX-INFO").is_file():
        raise ImageToolError(f"{pex} is no PEX: it has no PEX-INFO")
    return wheels(folder) if folder.is_dir() else {}


def wheels(folder: Path) -> dict[str, list[Member]]:
    """Return the files of each installed wheel in `folder`, as `distributions` does."""
    return {
        place.name: [item for item in _members(place) if not _is_own(item.path, _OF_PEX)]
        for place in sorted(folder.iterdir())
    }


def sources(pex: Path) -> list[Member]:
    """Return the first-party files of a PEX, in the order of their paths."""
    return sorted(
        (member for member in _members(pex) if not _is_own(member.path, _OWN)),
        key=lambda member: member.path,
    )


def _is_own(path: str, names: frozenset[str]) -> bool:
    parts = PurePosixPath(path).parts
    return parts[0] in names or "__pycache__" in parts


def _members(place: Path) -> Iterator[Member]:
    return _folder_members(place) if place.is_dir() else _zip_members(place)


def _folder_members(folder: Path) -> Iterator[Member]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            executable = bool(path.stat().st_mode & 0o100)
            yield Member(path.relative_to(folder).as_posix(), path.read_bytes, executable)


def _zip_members(file: Path) -> Iterator[Member]:
    try:
        archive = zipfile.ZipFile(file)
    except (OSError, zipfile.BadZipFile) as error:
        raise ImageToolError(f"{file} cannot be read: {error}") from None
    for entry in sorted(archive.infolist(), key=lambda entry: entry.filename):
        path = PurePosixPath(entry.filename)
        if entry.is_dir():
            continue
        if path.is_absolute() or ".." in path.parts:
            raise ImageToolError(f"{file} holds a file outside of it: {path}")
        executable = bool(entry.external_attr >> 16 & 0o100)
        yield Member(path.as_posix(), partial(archive.read, entry), executable)
