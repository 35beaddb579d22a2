import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from contract_lint.checker.constants import Constant, constants, normalised


@pytest.fixture
def contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Python caches imported modules by name.
    folder = tmp_path / f"contract_of_{tmp_path.name}"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", list(sys.path))
    return folder


def _names(contract: Path, text: str) -> Mapping[object, list[str]]:
    contract.joinpath("facts.py").write_text(text, encoding="utf-8")
    return {value: [each.name for each in found] for value, found in constants(contract).items()}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("X = 'manifest.json'", "manifest.json"),
        ("X = 'x-nuclio-path'", "x-nuclio-path"),
        ("X = 'NuclioFunction'", "NuclioFunction"),
        ("X: str = 'MODELYARD_' + 'PORT'", "MODELYARD_PORT"),
        ("X = 8070", 8070),
        ("MANY = 32\nX = MANY * 1024**2", 33554432),
        ("import re\nX = re.compile('[a-z]+')", "[a-z]+"),
        ("import re\nX = re.compile('^[a-z]+$')", "[a-z]+"),
    ],
)
def test_a_distinctive_value_is_found(contract: Path, text: str, value: object) -> None:
    assert _names(contract, text) == {value: ["X"]}


@pytest.mark.parametrize(
    "text",
    [
        "X = 'assets'",
        "X = 'a-b'",
        "X = 64",
        "X = 1024",
        "X = 65535",
        "X = 60.0",
        "X = True",
        "_X = 'manifest.json'",
        "def f():\n    X = 'manifest.json'",
        "from pathlib import Path",
    ],
)
def test_an_ambiguous_value_is_ignored(contract: Path, text: str) -> None:
    assert _names(contract, text) == {}


def test_equal_constants_are_found_together(contract: Path) -> None:
    assert _names(contract, "EVENTS = 8080\nCVAT = 8080") == {8080: ["EVENTS", "CVAT"]}


def test_a_constant_belongs_to_the_module_that_defines_it(contract: Path) -> None:
    contract.joinpath("a.py").write_text("X = 8070", encoding="utf-8")
    text = f"from {contract.name}.a import X"
    contract.joinpath("b.py").write_text(text, encoding="utf-8")
    contract.joinpath("a_test.py").write_text("Y = 8090", encoding="utf-8")
    assert constants(contract) == {8070: [Constant(f"{contract.name}.a", "X")]}


def test_the_advice_names_something_that_can_be_imported() -> None:
    assert Constant("contract.ports", "DASHBOARD").advice == "use contract.ports.DASHBOARD"
    private = Constant("contract.durations", "_PART").advice
    assert private == "call the function that uses contract.durations._PART"


@pytest.mark.parametrize("text", ["[a-z]+", "^[a-z]+$", r"\A[a-z]+\Z", "[a-z]+$"])
def test_a_pattern_is_the_same_with_and_without_anchors(text: str) -> None:
    assert normalised(text) == "[a-z]+"
