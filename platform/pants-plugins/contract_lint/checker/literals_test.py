import ast

import pytest

from contract_lint.checker.literals import literals


def _values(text: str) -> list[object]:
    return [literal.value for literal in literals(ast.parse(text))]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("x = 'a' 'b'", ["ab"]),
        ("x = ['a', 1]", ["a", 1]),
        ("f(x='a')[1]", ["a", 1]),
        ("def f(x=8070): return 'a'", [8070, "a"]),
        ("x = f'{y}/manifest.json'", ["/manifest.json"]),
        ("match x:\n    case 'a': y = 1", ["a", 1]),
        ("x = 32 * 1024 * 1024", [33554432]),
        ("x = 2**20 + 1 - 1", [1048576]),
        ("x = 1 << 20", [1048576]),
        ("x = y * 1024", [1024]),
        ("x = 0x1F_86", [8070]),
    ],
)
def test_strings_and_numbers_are_found(text: str, values: list[object]) -> None:
    assert _values(text) == values


@pytest.mark.parametrize(
    "text",
    [
        "'''Documents.'''",
        "class A:\n    '''Documents.'''\n    x: int\n    '''Documents.'''",
        "def f():\n    '''Documents.'''",
        "x = 1.5",
        "x = True",
        "x = b'a'",
        "x = ...",
        "# 'a'",
    ],
)
def test_other_values_are_ignored(text: str) -> None:
    assert _values(text) == []


def test_a_power_too_large_to_compute_is_ignored() -> None:
    assert _values("x = 10**10**10") == [10, 10000000000]


def test_a_literal_knows_all_its_lines() -> None:
    (found,) = literals(ast.parse("x = (\n    'a'\n    'b'\n)"))
    assert list(found.lines) == [2, 3]
