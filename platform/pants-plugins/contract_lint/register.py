"""Checks for `lint` that Ruff does not have: repeated contract constants, and size limits."""

from __future__ import annotations

from typing import Any, Iterable

from contract_lint import rules as contract_rules


def rules() -> Iterable[Any]:
    return contract_rules.rules()
