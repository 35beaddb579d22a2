"""A source file, as the checks read it."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath

_TEST_FOLDERS = frozenset(("testing", "tests"))
_TEST_FILES = ("*_test.py", "*testing.py", "conftest.py", "standins.py", "testutil.py")


@dataclass(frozen=True, order=True)
class Finding:
    """What is wrong on a line, and how to fix it."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Comment:
    """A comment, including its `#`, and whether it is alone on its line."""

    line: int
    text: str
    is_alone: bool

    @classmethod
    def of(cls, token: tokenize.TokenInfo) -> Comment:
        """Return the token as a comment."""
        return cls(token.start[0], token.string, token.line.lstrip().startswith("#"))


class Source:
    """A file's text and syntax tree."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            SyntaxError: it is not Python.
        """
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        self.tree = ast.parse(self.text, str(path))

    @cached_property
    def comments(self) -> Sequence[Comment]:
        """The comments from top to bottom."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return [Comment.of(each) for each in tokens if each.type == tokenize.COMMENT]

    def finding(self, line: int, message: str) -> Finding:
        """Return a finding in this file."""
        return Finding(str(self.path), line, message)


def is_test(path: PurePath) -> bool:
    """Return whether it is a test or a test helper, which may repeat expected values."""
    is_aid = not _TEST_FOLDERS.isdisjoint(path.parts)
    return is_aid or any(path.match(pattern) for pattern in _TEST_FILES)
