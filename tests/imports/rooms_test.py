"""The packages of the plugin import each other as their docstrings say, and in one direction."""

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
def said() -> Mapping[str, set[str]]:
    """By the name of a package, which others its docstring names after the word `Imports`."""
    found = {}
    for path in PLUGIN.glob("*/__init__.py"):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if sentence := re.search(r"^Imports ([^.:]*)", docstring, re.MULTILINE):
            found[path.parent.name] = set(re.findall(r"`(\w+)`", sentence[1]))
    return found


@pytest.fixture(scope="module")
def done(said: Mapping[str, set[str]]) -> Mapping[str, set[str]]:
    """By the name of a package, which others its code imports; tests left out."""
    settings = tomllib.loads(Path("pants.toml").read_text(encoding="utf-8"))
    found: dict[str, set[str]] = defaultdict(set)
    for module, others in imports(Path(), settings["source"]["root_patterns"]).items():
        if module.path.is_relative_to(PLUGIN) and not module.path.name.endswith("_test.py"):
            found[_package(module.name)] |= {_package(other.name) for other in others}
    return {name: found[name] & said.keys() - {name} for name in said}


def _package(module: str) -> str:
    plugin, _, within = module.partition(".")
    return within.partition(".")[0] if plugin == PLUGIN.name else ""


def test_what_a_docstring_says_is_what_the_code_does(
    said: Mapping[str, set[str]], done: Mapping[str, set[str]]
) -> None:
    assert done == said
    assert len(said) == 10


def test_they_import_each_other_in_one_direction(done: Mapping[str, set[str]]) -> None:
    lowest, *_ = TopologicalSorter(done).static_order()
    assert lowest == "common"
