"""The contents of a lock: a requirements file whose lines are versions with their digests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name


class LockError(Exception):
    """A lock could not be created; the message says which, why and what to do next."""


@dataclass(frozen=True)
class Pin:
    """One block of a lock: a requirement `name==version` with its digests."""

    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str | None:
        clauses = list(self.requirement.specifier)
        if len(clauses) != 1 or clauses[0].operator != "==" or clauses[0].version.endswith("*"):
            return None
        return clauses[0].version

    def applies(self, environment: dict[str, str] | None = None) -> bool:
        """Whether it applies to that environment, by default to the current one."""
        marker = self.requirement.marker
        return marker is None or marker.evaluate(environment)

    def render(self) -> str:
        return " \\\n    ".join([str(self.requirement).replace(";", " ;"), *self.hashes]) + "\n"


def _logical_lines(text: str) -> Iterator[str]:
    for line in text.replace("\\\n", " ").splitlines():
        content = re.sub(r"(^|\s)#.*", "", line).strip()
        if content:
            yield content


def parse_lock(text: str) -> list[Pin]:
    """The pins of a lock's text; raises `LockError` for anything that is not a hashed pin."""
    pins = []
    for line in _logical_lines(text):
        specifier, *hashes = re.split(r"\s+(?=--hash=)", line)
        try:
            pins.append(Pin(Requirement(specifier), tuple(entry.strip() for entry in hashes)))
        except InvalidRequirement as error:
            raise LockError(f"not a pinned requirement: {specifier[:80]!r}") from error
    return pins


def parse_requirements(text: str) -> list[Requirement]:
    """The requirements, one per line; `InvalidRequirement` for anything else."""
    return [Requirement(line) for line in _logical_lines(text)]
