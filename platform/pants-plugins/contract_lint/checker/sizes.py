"""Limits on the length of a file and on the number of files in a folder."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from contract_lint.checker.source import Finding, Source, is_test

_MOST_LINES = 400
_MOST_FILES = 25

# `# long: one table` above all code in a file: the reason why it is not split.
_ALLOWED = re.compile(r"# long: \w+")


def too_long(source: Source) -> Iterator[Finding]:
    """Yield a finding if the file is too long and does not state a reason."""
    count = len(source.text.splitlines())
    if count > _MOST_LINES and not _is_allowed(source):
        yield source.finding(
            1,
            f"{count} lines, at most {_MOST_LINES} are accepted: split the file by subject, or "
            "state the reason above its code: # long: …",
        )


def too_many(source: Source) -> Iterator[Finding]:
    """Yield a finding if the folder has too many files and this is the first of them."""
    files = sorted(path for path in source.path.parent.glob("*.py") if not is_test(path))
    if len(files) > _MOST_FILES and files[0] == source.path:
        yield source.finding(
            1,
            f"{len(files)} Python files in this folder, at most {_MOST_FILES} besides tests are "
            "accepted: split it by subject",
        )


def _is_allowed(source: Source) -> bool:
    code = (node.lineno for node in source.tree.body if not isinstance(node, ast.Expr))
    head = next(code, 0)
    return any(each.line < head and _ALLOWED.match(each.text) for each in source.comments)
