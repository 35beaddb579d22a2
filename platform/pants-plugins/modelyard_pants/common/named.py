"""What `package ::` leaves out, as something else holds it or it is large, is packaged by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable, Sequence

from pants.engine.addresses import Address
from pants.engine.internals.session import SessionValues
from pants.engine.rules import collect_rules, rule
from pants.option.options_bootstrapper import OptionsBootstrapper


@dataclass(frozen=True)
class NamedRequest:
    """Whether the user wrote this address on the command line, to have it packaged.

    `publish` packages too, and has its own ways for what it publishes.
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
    """Whether these words of a command line have a target of this name packaged."""
    return "package" in words and any(is_name_of(name, word) for word in words)


def is_name_of(name: str, word: str) -> bool:
    """Whether `word`, an address as users write it, ends in this name of a target."""
    return word.endswith(name) if name.startswith("#") else word.rpartition(":")[2] == name


def rules() -> Iterable[Any]:
    return collect_rules()
