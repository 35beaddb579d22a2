"""The plugin's packages import each other as their docstrings state, and in one direction."""

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from imports.graph import imports

PLUGIN = Path("platform/pants-plugins/modelyard_pants")


@pytest.fixture(scope="module")
def documented() -> Mapping[str, set[str]]:
    """The packages that the docstring of each names after the word `Imports`."""
    found = {}
    for path in PLUGIN.glob("*/__init__.py"):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if sentence := re.search(r"^Imports ([^.:]*)", docstring, re.MULTILINE):
            found[path.parent.name] = set(re.findall(r"`(\w+)`", sentence[1]))
    return found


@pytest.fixture(scope="module")
def imported(documented: Mapping[str, set[str]]) -> Mapping[str, set[str]]:
    """The packages that the code of each imports, except in tests."""
    settings = tomllib.loads(Path("pants.toml").read_text(encoding="utf-8"))
    found: dict[str, set[str]] = defaultdict(set)
    for module, others in imports(Path(), settings["source"]["root_patterns"]).items():
        if module.path.is_relative_to(PLUGIN) and not module.path.name.endswith("_test.py"):
            found[_package(module.name)] |= {_package(other.name) for other in others}
    return {name: found[name] & documented.keys() - {name} for name in documented}


def _package(module: str) -> str:
    plugin, _, within = module.partition(".")
    return within.partition(".")[0] if plugin == PLUGIN.name else ""


def test_docstrings_state_the_imports_of_the_code(
    documented: Mapping[str, set[str]], imported: Mapping[str, set[str]]
) -> None:
    assert imported == documented
    assert len(documented) == 10


def test_imports_have_no_cycle(imported: Mapping[str, set[str]]) -> None:
    lowest, *_ = TopologicalSorter(imported).static_order()
    assert lowest == "common"
