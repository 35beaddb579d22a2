"""The packages of a lock that are needed: requested packages and their dependencies."""

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import Distribution, PackagePath
from pathlib import Path

import msgspec
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from modelyard_tools.images.errors import ImageToolError
from modelyard_tools.images.layers.installed import Installed, needed_files
from modelyard_tools.images.layers.locked import Pin, pin_of

_Wanted = tuple[str, str]


class Package(msgspec.Struct, frozen=True):
    """A package by its pin, with the names of its direct dependencies.

    `size` is the size in bytes of the files that an image keeps.
    """

    name: str
    pin: str
    size: int
    needs: list[str]


def closure(
    asked: Iterable[Requirement], pins: Mapping[str, Pin], installed: Installed
) -> list[Package]:
    """Install the requested packages and their dependencies, level by level; sort by name.

    Raises:
        ImageToolError: the lock lacks a package, one cannot be downloaded, or two of them contain
            different files with the same path.
    """
    wanted = {pair: "an image" for item in asked for pair in _with_extras(item)}
    needs: dict[str, set[str]] = {}
    seen: set[_Wanted] = set()
    packages: dict[str, Distribution] = {}
    while wanted:
        new = {name: pin_of(name, pins, asker) for (name, _), asker in sorted(wanted.items())}
        installed.add(pin for name, pin in new.items() if name not in needs)
        seen |= wanted.keys()
        packages = installed.packages()
        ring = {}
        for name, extra in wanted:
            pairs = _needs(packages[name], extra)
            needs.setdefault(name, set()).update(needed for needed, _ in pairs)
            ring.update({pair: name for pair in pairs if pair not in seen})
        wanted = ring
    files = {name: needed_files(package) for name, package in packages.items()}
    _check_no_two_differ(files)
    return [
        Package(name, pins[name].text, _size(files[name]), sorted(needs[name] - {name}))
        for name in sorted(needs)
    ]


def _needs(package: Distribution, extra: str) -> list[_Wanted]:
    asked = [Requirement(text) for text in package.requires or ()]
    return [
        pair
        for needed in asked
        if needed.marker is None or needed.marker.evaluate({"extra": extra})
        for pair in _with_extras(needed)
    ]


def _with_extras(asked: Requirement) -> Sequence[_Wanted]:
    name = canonicalize_name(asked.name)
    return [(name, extra) for extra in ("", *sorted(asked.extras))]


def _size(files: Sequence[PackagePath]) -> int:
    return sum(Path(file.locate()).stat().st_size for file in files)


def _check_no_two_differ(files: Mapping[str, Sequence[PackagePath]]) -> None:
    owners: dict[str, tuple[str, str]] = {}
    for name, file in ((name, file) for name, every in files.items() for file in every):
        content = file.hash.value if file.hash else ""
        owner, present = owners.setdefault(str(file), (name, content))
        if present != content:
            raise ImageToolError(
                f"{owner} and {name} contain different files named {file}; the lock may hold "
                "only one of the two"
            )
