"""Strings and whole numbers as they are written in code."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Optional

from contract_lint.checker.constants import Value

_OPERATORS: Mapping[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
}
# No constant is larger, and powers of larger numbers take long to compute.
_MOST_OPERAND = 2**64
_MOST_EXPONENT = 64


@dataclass(frozen=True)
class Literal:
    """A value and the lines that it is on."""

    value: Value
    lines: range


def literals(node: ast.AST) -> Iterator[Literal]:
    """Yield the literals below `node`, except docstrings; a sum or product is one literal."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    value = _value(node)
    if value is None:
        for child in ast.iter_child_nodes(node):
            yield from literals(child)
    elif isinstance(node, ast.expr):
        yield Literal(value, range(node.lineno, (node.end_lineno or node.lineno) + 1))


def _value(node: ast.AST) -> Optional[Value]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return _number(node)


def _number(node: ast.AST) -> Optional[int]:
    if isinstance(node, ast.Constant):
        return node.value if type(node.value) is int else None
    if not isinstance(node, ast.BinOp) or type(node.op) not in _OPERATORS:
        return None
    left, right = _number(node.left), _number(node.right)
    if left is None or right is None or not _is_computable(node.op, left, right):
        return None
    return _OPERATORS[type(node.op)](left, right)


def _is_computable(operation: ast.operator, left: int, right: int) -> bool:
    if isinstance(operation, (ast.Pow, ast.LShift)):
        return left <= _MOST_OPERAND and 0 <= right <= _MOST_EXPONENT
    return True
