"""The exact requirements of a resolve's PEX, with the digests of its lock file."""

from __future__ import annotations

import re
from typing import Iterable, Iterator, Mapping

# The local version of the empty wheels in 3rdparty/python/wheels, for packages we omit.
_STAND_IN = "+absent"
_LOCKED = re.compile(r"(?P<name>[\w.-]+)(\[[^\]]*\])?==(?P<version>[^\s;\\]+)")
_HASH = re.compile(r"--hash=\S+")


class NotLocked(ValueError):
    """A PEX contains a package that its lock file does not."""


def locked_requirements(lock: str, wheels: Iterable[str]) -> str:
    """A requirements file for `wheels` (file names), in alphabetical order, with digests.

    `lock` is a requirements file whose pins carry `--hash` options. Raises `NotLocked`.
    """
    hashes = dict(_locked_hashes(lock))
    pinned = sorted(map(_name_and_version, wheels))
    return "".join(
        _requirement(name, version, hashes)
        for name, version in pinned
        if not version.endswith(_STAND_IN)
    )


def _locked_hashes(lock: str) -> Iterator[tuple[tuple[str, str], list[str]]]:
    for line in lock.replace("\\\n", " ").splitlines():
        pin = _LOCKED.match(line)
        if pin:
            yield (_canonical(pin["name"]), pin["version"]), sorted(_HASH.findall(line))


def _name_and_version(wheel: str) -> tuple[str, str]:
    name, version = wheel.split("-")[:2]
    return _canonical(name), version


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _requirement(name: str, version: str, hashes: Mapping[tuple[str, str], list[str]]) -> str:
    digests = hashes.get((name, version))
    if not digests:
        raise NotLocked(f"{name}=={version} is in the PEX, but the lock has no digest for it")
    return " \\\n    ".join([f"{name}=={version}", *digests]) + "\n"
