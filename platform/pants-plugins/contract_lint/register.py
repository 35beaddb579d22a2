"""`lint` with what Ruff cannot know: the contract's constants, and how large things may be."""

from __future__ import annotations

from typing import Any, Iterable

from contract_lint import rules as contract_rules


def rules() -> Iterable[Any]:
    return contract_rules.rules()
