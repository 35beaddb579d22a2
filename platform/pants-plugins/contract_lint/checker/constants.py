"""The constants of the contract's modules, whose values no other code may repeat."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

Value = Union[str, int]

# Shorter or plainer strings, such as "assets", also mean other things.
_LEAST_LENGTH = 6
_DISTINCTIVE = re.compile(r"[-_./:A-Z]")
# So do smaller numbers and, below a mebibyte, powers of two, such as the width of a layer.
_LEAST_NUMBER = 1000
_LEAST_SIZE = 1024**2  # contract: MIB is read here, as a file
# Optional around a pattern, depending on how it is used.
_ANCHORS = re.compile(r"^(\^|\\A)|(\$|\\Z)$")


@dataclass(frozen=True)
class Constant:
    """A constant of the contract, by its module and its name there."""

    module: str
    name: str

    @property
    def advice(self) -> str:
        """What to do instead of repeating its value."""
        if self.name.startswith("_"):
            return f"call the function that uses {self.module}.{self.name}"
        return f"use {self.module}.{self.name}"


Constants = Mapping[Value, Sequence[Constant]]


def constants(contract: Path) -> Constants:
    """Return the distinctive constants of the package in the folder `contract`, by their values.

    Its modules are imported: a constant may be computed from others.
    """
    sys.path.insert(0, str(contract.parent.resolve()))
    found = defaultdict(list)
    for path in sorted(contract.glob("*.py")):
        if path.stem != "__init__" and not path.stem.endswith("_test"):
            for value, constant in _defined(path, f"{contract.name}.{path.stem}"):
                found[normalised(value)].append(constant)
    return found


def normalised(value: Value) -> Value:
    """Return the value; for a pattern, without its anchors."""
    return _ANCHORS.sub("", value) if isinstance(value, str) else value


def _defined(path: Path, module: str) -> Iterator[tuple[Value, Constant]]:
    values = vars(importlib.import_module(module))
    for name in _assigned(ast.parse(path.read_bytes())):
        value = values[name]
        if isinstance(value, re.Pattern):
            yield value.pattern, Constant(module, name)
        elif not name.startswith("_") and _is_distinctive(value):
            yield value, Constant(module, name)


def _assigned(tree: ast.Module) -> Iterator[str]:
    """Yield the names that the module itself assigns; others may be imported."""
    for node in tree.body:
        if isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def _is_distinctive(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) >= _LEAST_LENGTH and _DISTINCTIVE.search(value) is not None
    return isinstance(value, int) and (
        value >= _LEAST_SIZE or (value >= _LEAST_NUMBER and not _is_round(value))
    )


def _is_round(number: int) -> bool:
    """Return whether it is a power of two, or one less."""
    return number & (number + 1) == 0 or number & (number - 1) == 0
