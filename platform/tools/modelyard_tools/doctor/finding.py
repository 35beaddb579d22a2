"""What a check found."""

from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """`problem`: something does not work; `warning`: it soon may not; `note`: may matter."""

    PROBLEM = "problem"
    WARNING = "warning"
    NOTE = "note"


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong: what, in one line, and the command or step that fixes it."""

    check: str
    severity: Severity
    what: str
    mend: str


def problem(check: str, what: str, mend: str) -> Finding:
    """Return a finding that something does not work."""
    return Finding(check, Severity.PROBLEM, what, mend)


def warning(check: str, what: str, mend: str) -> Finding:
    """Return a finding that something may soon not work."""
    return Finding(check, Severity.WARNING, what, mend)


def note(check: str, what: str, mend: str) -> Finding:
    """Return a finding that may matter."""
    return Finding(check, Severity.NOTE, what, mend)
