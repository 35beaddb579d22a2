"""BUILD files as text, formatted as the formatter does."""

from collections.abc import Mapping
from typing import Any, Final

_WIDTH: Final = 100
_INDENT: Final = "    "


def call(name: str, fields: Mapping[str, Any]) -> str:
    """Return `name(field=value, …)` with one field per line."""
    lines = [
        f"{_INDENT}{field}={_value(value, 1, len(field) + 1)},\n" for field, value in fields.items()
    ]
    return f"{name}(\n{''.join(lines)})\n"


def _value(value: Any, depth: int, used: int) -> str:
    """Return a literal; lists and mappings too long for a line get one line per item."""
    flat = _flat(value)
    if len(_INDENT) * depth + used + len(flat) + 1 <= _WIDTH or not isinstance(value, dict | list):
        return flat
    inner = _INDENT * (depth + 1)
    if isinstance(value, dict):
        items = [
            f"{_flat(key)}: {_value(each, depth + 1, len(_flat(key)) + 2)}"
            for key, each in value.items()
        ]
        opening, closing = "{}"
    else:
        items = [_value(each, depth + 1, 0) for each in value]
        opening, closing = "[]"
    body = "".join(f"{inner}{item},\n" for item in items)
    return f"{opening}\n{body}{_INDENT * depth}{closing}"


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flat(key)}: {_flat(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flat, value)) + "]"
    return text(value) if isinstance(value, str) else repr(value)


def text(value: str) -> str:
    """Return a string literal, in double quotes unless those would have to be escaped."""
    literal = repr(value)
    if literal.startswith("'") and '"' not in value:
        return '"' + literal[1:-1].replace("\\'", "'") + '"'
    return literal
