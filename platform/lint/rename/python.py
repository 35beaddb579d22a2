"""Python sources: imports by the syntax tree, comments and strings by the rules for text."""

import ast
import io
import tokenize
from collections.abc import Iterator
from typing import NamedTuple

from layout import OLD_PLUGIN, PARENTS
from text import TextRules, new_name

_TEXT = (tokenize.COMMENT, tokenize.STRING)


class UnsupportedError(Exception):
    """An import whose new form would need every use of its name rewritten."""


class Edit(NamedTuple):
    """Characters `start` to `end` become `new`."""

    start: int
    end: int
    new: str


def rewritten(source: str, rules: TextRules) -> str:
    """Return the source with the new names.

    Raises:
        UnsupportedError: it holds `import package.module`.
    """
    lines = _Lines(source)
    edits = [*_imports(source, lines, rules), *_texts(source, lines, rules)]
    for edit in sorted(edits, reverse=True):
        source = source[: edit.start] + edit.new + source[edit.end :]
    return source


class _Lines:
    """Where lines start, to count characters in the whole source."""

    def __init__(self, source: str) -> None:
        self._lines = [f"{line}\n" for line in source.split("\n")]
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def position(self, line: int, column: int) -> int:
        """Return the place of a character, as `tokenize` counts: from line 1 and column 0."""
        return self._starts[line - 1] + column

    def position_of_bytes(self, line: int, column: int) -> int:
        """The same as `ast` counts: columns in bytes of UTF-8."""
        before = self._lines[line - 1].encode()[:column].decode()
        return self.position(line, len(before))


def _imports(source: str, lines: _Lines, rules: TextRules) -> Iterator[Edit]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        start = lines.position_of_bytes(node.lineno, node.col_offset)
        if isinstance(node, ast.Import):
            yield from _plain_import(node, start, rules)
        elif not node.level and _is_renamed(
            package := (node.module or "").partition(".")[0], rules
        ):
            at = source.index(package, start + len("from"))
            yield Edit(at, at + len(package), new_name(package))


def _plain_import(node: ast.Import, start: int, rules: TextRules) -> Iterator[Edit]:
    for alias in node.names:
        if not _is_renamed(alias.name.partition(".")[0], rules):
            continue
        if len(node.names) > 1 or alias.asname or alias.name not in PARENTS:
            raise UnsupportedError(f"line {node.lineno}: {ast.unparse(node)}")
        end = start + len(ast.unparse(node))
        yield Edit(start, end, f"from {PARENTS[alias.name]} import {alias.name}")


def _is_renamed(package: str, rules: TextRules) -> bool:
    return package in PARENTS or (package == OLD_PLUGIN and rules.in_plugin)


def _texts(source: str, lines: _Lines, rules: TextRules) -> Iterator[Edit]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in _TEXT:
            new = rules.apply(token.string)
            if new != token.string:
                yield Edit(lines.position(*token.start), lines.position(*token.end), new)
