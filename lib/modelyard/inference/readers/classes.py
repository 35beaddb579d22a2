"""Class names as files hold them."""

import ast
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

_BREAKS: Final = re.compile(r"\s+")
_ENTRY: Final = re.compile(r"\s*id\s*:\s*(\d+)|\s*(?:display_)?name\s*:\s*['\"](.*?)['\"]")


def names_in(text: str) -> dict[int, str]:
    """Return the names by number in a text: a Python literal or JSON, as exporters write them.

    Both a list and a mapping from numbers are read; anything else gives an empty dict.
    """
    for parse in (ast.literal_eval, json.loads):
        try:
            return names_of(parse(text))
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return {}


def names_of(found: Any) -> dict[int, str]:
    """Return the names by number of a list, or of a mapping from numbers, cleaned and unique."""
    if isinstance(found, Mapping):
        pairs = [(_number(key), name) for key, name in found.items()]
    elif isinstance(found, (list, tuple)):
        pairs = list(enumerate(found))
    else:
        return {}
    return unique({key: str(name) for key, name in pairs if key is not None})


def names_in_lines(text: str) -> dict[int, str]:
    """Return the names of a text with one on each line, counted from 0; empty lines end it."""
    lines = [line.strip() for line in text.lstrip("\ufeff").splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return unique(dict(enumerate(lines)))


def names_in_label_map(text: str) -> dict[int, str]:
    """Return the names by id of a label map of TensorFlow's Object Detection API (.pbtxt)."""
    found: dict[int, str] = {}
    for item in text.split("item")[1:]:
        entries = list(_ENTRY.finditer(item))
        ids = [int(entry[1]) for entry in entries if entry[1] is not None]
        names = [entry[2] for entry in entries if entry[2] is not None]
        if ids and names:
            found[ids[0]] = names[-1]
    return unique(found)


def unique(names: Mapping[int, str]) -> dict[int, str]:
    """Return names stripped, on one line, none empty, none twice: CVAT accepts no others."""
    found: dict[int, str] = {}
    taken: set[str] = set()
    cleaned = {number: _BREAKS.sub(" ", name).strip() for number, name in names.items()}
    wanted = set(cleaned.values())
    for number, given in sorted(cleaned.items()):
        name = given or f"class {number}"
        free = (other for other in _others(name, number) if other not in taken | wanted)
        found[number] = next(free) if name in taken else name
        taken.add(found[number])
    return found


def _others(name: str, number: int) -> Iterable[str]:
    other = f"{name} {number}"
    while True:
        yield other
        other += "'"


def _number(key: Any) -> int | None:
    if isinstance(key, int) and not isinstance(key, bool):
        return key
    return int(key) if isinstance(key, str) and key.strip().isdecimal() else None
