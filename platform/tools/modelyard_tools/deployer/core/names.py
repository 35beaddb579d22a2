"""Names of functions on the command line."""

import difflib
from collections.abc import Iterable, Sequence
from typing import NoReturn

from modelyard_tools.deployer.core.errors import UsageError


def require(name: str, known: Iterable[str]) -> None:
    """Raise `UsageError` unless `name` is one of `known`."""
    names = sorted(known)
    if name not in names:
        _unknown(name, names)


def _unknown(name: str, names: Sequence[str]) -> NoReturn:
    if not names:
        raise UsageError(f"function {name!r} not found: none is deployed")
    close = difflib.get_close_matches(name, names, 1)
    hint = f"did you mean {close[0]}? " if close else ""
    raise UsageError(f"function {name!r} not found; {hint}deployed functions: {', '.join(names)}")
