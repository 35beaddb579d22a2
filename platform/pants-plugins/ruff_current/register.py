"""`fmt`, `fix` and `lint` with the Ruff version that our own tools lock pins.

Pants 2.17.1 ships rules for the Ruff of early 2023, before `ruff check` and `ruff format` were
sub-commands. Its subsystem (options, config discovery, installation from a resolve) still fits,
so only the rules are ours.
"""

from __future__ import annotations

from typing import Any, Iterable

from pants.backend.python.lint.ruff import skip_field, subsystem

from ruff_current import rules as ruff_rules


def rules() -> Iterable[Any]:
    return (*skip_field.rules(), *subsystem.rules(), *ruff_rules.rules())
