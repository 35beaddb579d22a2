"""How long a file may be, and how many of them a folder may have."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from contract_lint.checker.source import Finding, Source, is_test

_MOST_LINES = 400
_MOST_FILES = 25

# `# long: one table` above all code of a file: why it is not divided.
_ALLOWED = re.compile(r"# long: \w+")


def too_long(source: Source) -> Iterator[Finding]:
    """Yield that the file is too long, unless it says why."""
    count = len(source.text.splitlines())
    if count > _MOST_LINES and not _is_allowed(source):
        yield source.finding(
            1,
            f"{count} lines, at most {_MOST_LINES} are accepted: divide the file by subjects, or "
            "write above its code why not: # long: …",
        )


def too_many(source: Source) -> Iterator[Finding]:
    """Yield that the folder has too many files beside tests, if this is the first of them."""
    files = sorted(path for path in source.path.parent.glob("*.py") if not is_test(path))
    if len(files) > _MOST_FILES and files[0] == source.path:
        yield source.finding(
            1,
            f"{len(files)} Python files in this folder, at most {_MOST_FILES} beside tests are "
            "accepted: divide it by subjects",
        )


def _is_allowed(source: Source) -> bool:
    code = (node.lineno for node in source.tree.body if not isinstance(node, ast.Expr))
    head = next(code, 0)
    return any(each.line < head and _ALLOWED.match(each.text) for each in source.comments)
