"""Which environment variables an author may set on a function.

Pure Python: no Pants imports.
"""

from __future__ import annotations

import re
from typing import Mapping

# What a model may be tuned by; every other setting of ours follows from a field.
TUNABLE = ("MODELYARD_IMAGE_CACHE", "MODELYARD_THREADS")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# The last four decide which interpreter runs a worker, and which code it imports.
_RESERVED = re.compile(r"(NUCLIO|MODELYARD)_.*|PATH|PYTHONHOME|PYTHONPATH|PYTHONSAFEPATH")


class VariableError(ValueError):
    """A variable that would break the function; `what` is its name or its value."""

    def __init__(self, what: str, accepted: str) -> None:
        super().__init__(accepted)
        self.what = what
        self.accepted = accepted


def check_variables(env: Mapping[str, str]) -> None:
    """Raise `VariableError` for a name that is ours or none, or a value no shell line takes."""
    for name, value in env.items():
        if not _NAME.fullmatch(name):
            raise VariableError(name, "names of letters, digits and `_` are accepted")
        if _RESERVED.fullmatch(name) and name not in TUNABLE:
            raise VariableError(
                name,
                f"the runtime sets it; of its own variables only {' and '.join(TUNABLE)} may be "
                "given, the others follow from fields such as `workers` and `gpus`",
            )
        # Nuclio's docker platform writes the values into a shell line in single quotes.
        if "'" in value or not value.isprintable():
            raise VariableError(value, "values on one line, without single quotes, are accepted")
