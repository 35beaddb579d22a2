"""Targets that `package ::` skips, being large or part of others, are packaged only by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable, Sequence

from pants.engine.addresses import Address
from pants.engine.internals.session import SessionValues
from pants.engine.rules import collect_rules, rule
from pants.option.options_bootstrapper import OptionsBootstrapper


@dataclass(frozen=True)
class NamedRequest:
    """Whether the user named this address on the command line to package it.

    `publish` also packages, but handles what it publishes separately.
    """

    address: Address


@dataclass(frozen=True)
class Named:
    by_user: bool


@rule
def named(request: NamedRequest, session: SessionValues) -> Named:
    address = request.address
    name = f"#{address.generated_name}" if address.is_generated_target else address.target_name
    words = session[OptionsBootstrapper].args
    return Named(is_packaged(name, words))


def is_packaged(name: str, words: Sequence[str]) -> bool:
    """Whether these command-line arguments package a target of this name."""
    return "package" in words and any(is_name_of(name, word) for word in words)


def is_name_of(name: str, word: str) -> bool:
    """Whether `word`, an address as users write it, ends with this target name."""
    return word.endswith(name) if name.startswith("#") else word.rpartition(":")[2] == name


def rules() -> Iterable[Any]:
    return collect_rules()
