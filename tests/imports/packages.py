"""Imports between packages of this repository, and the diagram on a page."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Final, Self, TypeAlias

from imports.graph import Module, imports

Edges: TypeAlias = frozenset[tuple[str, str]]

CONTRACT: Final = "modelyard_contract"
# The number of components of a module's name that make its package, by the longest matching prefix.
_DEPTHS: Final = {
    "modelyard": 2,
    "modelyard.serving": 3,
    "modelyard_tools": 2,
    "modelyard_pants": 1,
    CONTRACT: 1,
}
_TEST_FILES: Final = ("*_test.py", "testing.py", "conftest.py")

_DIAGRAM: Final = re.compile(r"^```mermaid\n(.*?)^```$", re.M | re.S)
_NODE: Final = re.compile(r'(\w+)\["([\w.]+)"\]')
_ARROW: Final = re.compile(r"(\w+) --> (\w+(?: & \w+)*)")
_FRAME: Final = re.compile(r"flowchart \w+|subgraph \w+|end")


@dataclass(frozen=True)
class Packages:
    """Packages by name, and the imports between them."""

    names: frozenset[str]
    edges: Edges


def packages(repository: Path, root_patterns: Sequence[str]) -> Packages:
    """Return the packages of the repository's code, without tests and their helpers."""
    graph = {
        module: others
        for module, others in imports(repository, root_patterns).items()
        if not _is_test(module.path.relative_to(repository))
    }
    pairs = {
        (_package(module), _package(other)) for module, others in graph.items() for other in others
    }
    edges = frozenset((one, other) for one, other in pairs if one and other and one != other)
    # Also, `modelyard` and `modelyard_tools` only contain packages.
    names = {_package(each) for each in graph if _is_within(each)}
    return Packages(frozenset(names.union(*edges)), edges)


def _package(module: Module) -> str:
    """Return the module's package; nothing if it is in none."""
    return ".".join(module.name.split(".")[: _depth(module)])


def _is_within(module: Module) -> bool:
    """Whether the module is in one of the packages."""
    return 0 < _depth(module) <= len(module.name.split("."))


def _depth(module: Module) -> int:
    words = module.name.split(".")
    prefixes = (".".join(words[:count]) for count in range(len(words), 0, -1))
    return next((_DEPTHS[prefix] for prefix in prefixes if prefix in _DEPTHS), 0)


def _is_test(path: Path) -> bool:
    return "testing" in path.parts or any(fnmatch(path.name, each) for each in _TEST_FILES)


class DiagramError(Exception):
    """A page has no diagram, or a line of it cannot be parsed."""


@dataclass(frozen=True)
class _Line:
    """A line of a diagram: a node, arrows, or a subgraph's start or end."""

    names: tuple[tuple[str, str], ...] = ()
    arrows: tuple[tuple[str, str], ...] = ()

    @classmethod
    def read(cls, text: str) -> Self:
        """Read it.

        Raises:
            DiagramError: it is none of these.
        """
        if node := _NODE.fullmatch(text):
            return cls(names=((node[1], node[2]),))
        if arrow := _ARROW.fullmatch(text):
            return cls(arrows=tuple((arrow[1], to) for to in arrow[2].split(" & ")))
        if _FRAME.fullmatch(text):
            return cls()
        raise DiagramError(f"cannot read {text!r}")


def drawn(page: str) -> Packages:
    """Return the packages and imports in the first diagram of a page.

    Raises:
        DiagramError: there is none, or its format is not supported.
    """
    found = _DIAGRAM.search(page)
    if not found:
        raise DiagramError("the page has no diagram")
    lines = [_Line.read(text) for text in _stripped(found[1])]
    names = dict(name for line in lines for name in line.names)
    try:
        edges = {(names[one], names[to]) for line in lines for one, to in line.arrows}
    except KeyError as error:
        raise DiagramError(f"{error} is not in the diagram") from None
    return Packages(frozenset(names.values()), frozenset(edges))


def _stripped(diagram: str) -> Iterator[str]:
    return (line.strip() for line in diagram.splitlines() if line.strip())
