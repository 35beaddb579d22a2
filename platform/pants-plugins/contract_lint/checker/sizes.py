"""How long a file may be."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from contract_lint.checker.source import Finding, Source

_MOST_LINES = 400

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


def _is_allowed(source: Source) -> bool:
    code = (node.lineno for node in source.tree.body if not isinstance(node, ast.Expr))
    head = next(code, 0)
    return any(each.line < head and _ALLOWED.match(each.text) for each in source.comments)
