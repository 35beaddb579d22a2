"""Literals that repeat a constant of the contract, and the comments that allow them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from contract_lint.checker.constants import Constant, Constants, normalised
from contract_lint.checker.literals import Literal, literals
from contract_lint.checker.source import Finding, Source

# `# contract: INDEX is that of a build`: why the literal is not that constant; on its line, or
# alone on the line above.
_ALLOWED = re.compile(r"# contract: (?P<name>\w+) \w+")


def written_out(source: Source, constants: Constants) -> Iterator[Finding]:
    """Yield literals that repeat a constant, and comments that allow none."""
    allowed = dict(_allowed(source))
    used = set()
    for literal in literals(source.tree):
        found = constants.get(normalised(literal.value), ())
        names = {constant.name for constant in found}
        lines = {line for line in literal.lines if allowed.get(line) in names}
        used |= lines
        if found and not lines:
            yield source.finding(literal.lines.start, _message(literal, found))
    for line in sorted(allowed.keys() - used):
        yield source.finding(
            line, f"no literal here has the value of {allowed[line]}: delete the comment"
        )


def _allowed(source: Source) -> Iterator[tuple[int, str]]:
    """Yield the lines that comments apply to, and the constants that they name."""
    for comment in source.comments:
        found = _ALLOWED.match(comment.text)
        if found:
            yield comment.line + comment.is_alone, found["name"]


def _message(literal: Literal, found: Sequence[Constant]) -> str:
    advice = " or ".join(constant.advice for constant in found)
    return (
        f"{literal.value!r} is in the contract: {advice}; if another thing is meant, state why: "
        f"# contract: {found[0].name} is …"
    )
