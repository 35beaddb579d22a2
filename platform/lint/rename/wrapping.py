"""Prose that the new names made too long for a line: what is over goes into the next line."""

import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 100
_ITEM = re.compile(r"\s*(?:[-*+]|\d+\.)\s+")
_COMMENT = re.compile(r"\s*#\s+")
_SPACE = re.compile(r"\s*")
_FENCE = re.compile(r"\s*```")
_QUOTES: Final = '"""'
# Begins a line that is not the paragraph's before it.
_APART = re.compile(r"\s*(?:$|[|#]|```|>|<|\"\"\"|(?:[-*+]|\d+\.)\s)")


@dataclass(frozen=True)
class Prose:
    """Which lines of a file are prose, by their number from 0, and what its paragraphs begin with.

    `lead` matches the start that the lines of one paragraph share.
    """

    lines: frozenset[int]
    lead: re.Pattern[str]


def wrapped(path: str, old: str, new: str) -> str:
    """Return `new`, of the file `path` that was `old` line by line, with lines of at most WIDTH.

    Lines that were too long before stay, and so does whatever is no prose.
    """
    if old.count("\n") != new.count("\n"):
        return new
    before, lines = old.split("\n"), new.split("\n")
    for prose in _kinds(path)(new):
        over = [n for n in prose.lines if len(lines[n]) > WIDTH >= len(before[n])]
        # From the end, so that what is inserted moves no line that is still to come.
        for number in sorted(over, reverse=True):
            added = _push(lines, number, prose.lead)
            before[number + 1 : number + 1] = [""] * added
    return "\n".join(lines)


def _kinds(path: str) -> Callable[[str], Iterator[Prose]]:
    if path.endswith(".md"):
        return _of_page
    return _of_python if path.endswith(".py") else _of_comments


def _of_page(text: str) -> Iterator[Prose]:
    found, fenced = set(), False
    for number, line in enumerate(text.split("\n")):
        fenced ^= bool(_FENCE.match(line))
        if not fenced and not line.startswith(("|", "#", "```", "!")):
            found.add(number)
    yield Prose(frozenset(found), _SPACE)


def _of_comments(text: str) -> Iterator[Prose]:
    lines = enumerate(text.split("\n"))
    yield Prose(frozenset(n for n, line in lines if _COMMENT.match(line)), _COMMENT)


def _of_python(text: str) -> Iterator[Prose]:
    yield from _of_comments(text)
    found: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.STRING and token.string.startswith(_QUOTES):
            found.update(_at_the_margin(token))
    yield Prose(frozenset(found), _SPACE)


def _at_the_margin(token: tokenize.TokenInfo) -> Iterator[int]:
    """Yield the lines of a string but for those further in, such as examples of use."""
    first, column = token.start
    for number, line in enumerate(token.string.split("\n"), first - 1):
        if number == first - 1 or len(line) - len(line.lstrip()) <= column:
            yield number


def _push(lines: list[str], number: int, lead: re.Pattern[str]) -> int:
    """Move what is over from a line into the next; return how many lines that inserted."""
    line = lines[number]
    start = _continuation(line, lead)
    cut = _cut(line)
    if cut is None:
        return 0
    rest = line[cut:].strip()
    lines[number] = line[:cut].rstrip()
    if rest.endswith(_QUOTES):
        # A docstring of one line becomes one of several.
        lines[number + 1 : number + 1] = [start + rest.removesuffix(_QUOTES), start + _QUOTES]
        return 2
    following = lines[number + 1] if number + 1 < len(lines) else ""
    if _belongs(following, start, lead):
        lines[number + 1] = f"{start}{rest} {following[len(start) :]}"
        return _push(lines, number + 1, lead) if len(lines[number + 1]) > WIDTH else 0
    lines.insert(number + 1, start + rest)
    return 1


def _continuation(line: str, lead: re.Pattern[str]) -> str:
    """Return what a further line of this paragraph starts with."""
    item = _ITEM.match(line) if lead is _SPACE else None
    if item:
        return " " * len(item[0])
    found = lead.match(line)
    return found[0] if found else ""


def _belongs(line: str, start: str, lead: re.Pattern[str]) -> bool:
    found = lead.match(line)
    if not line.strip() or found is None or found[0] != start:
        return False
    return lead is _COMMENT or not _APART.match(line)


def _cut(line: str) -> int | None:
    """Return the last space at which the line can end, outside of `code`."""
    spaces = (match.start() for match in re.finditer(" ", line[: WIDTH + 1]))
    fitting = [at for at in spaces if line[:at].strip() and not line[:at].count("`") % 2]
    return fitting[-1] if fitting else None
