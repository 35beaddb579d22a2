"""What a check found."""

from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """How bad it is: `problem` keeps something from working, `warning` will, `note` may matter."""

    PROBLEM = "problem"
    WARNING = "warning"
    NOTE = "note"


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong: what, in a line, and the command or step that mends it."""

    check: str
    severity: Severity
    what: str
    mend: str


def problem(check: str, what: str, mend: str) -> Finding:
    """Return a finding that keeps something from working."""
    return Finding(check, Severity.PROBLEM, what, mend)


def warning(check: str, what: str, mend: str) -> Finding:
    """Return a finding that will hurt."""
    return Finding(check, Severity.WARNING, what, mend)


def note(check: str, what: str, mend: str) -> Finding:
    """Return a finding that matters to some."""
    return Finding(check, Severity.NOTE, what, mend)
