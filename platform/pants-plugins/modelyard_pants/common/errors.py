"""The common form of all errors about a `model_function`."""

from __future__ import annotations

from typing import Any

from pants.engine.addresses import Address
from pants.engine.target import InvalidFieldException

_MOST_SHOWN = 120


class InvalidModelFunction(InvalidFieldException):
    """A field of a `model_function` breaks CVAT's or Nuclio's rules."""

    def __init__(self, address: Address, alias: str, value: Any, accepted: str) -> None:
        super().__init__(f"{address}: the field `{alias}` is {_shown(value)}; {accepted}")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
