"""Valid function names: in Nuclio, in CVAT's API, on Docker and on Kubernetes."""

from __future__ import annotations

import re

# The limit of a DNS label, and the length of CVAT's longest function name.
LONGEST_NAME = 63
NAME_PATTERN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
# Nuclio's own, and the one used for the embedded platform's log.
RESERVED_NAMES = ("dashboard", "controller", "dlx", "scaler", "platform")


class FunctionNameError(ValueError):
    """Not a valid function name; the message says what is accepted."""


def function_name(target: str) -> str:
    """Return the function name for a target or Python package."""
    return target.replace("_", "-").lower()


def check_function_name(name: str) -> None:
    """Check a function's name.

    Raises:
        FunctionNameError: it is too long, not a DNS label, or reserved.
    """
    if len(name) > LONGEST_NAME or not re.fullmatch(NAME_PATTERN, name):
        raise FunctionNameError(
            f"lowercase letters, digits and inner dashes are accepted, {LONGEST_NAME} at most"
        )
    if name in RESERVED_NAMES:
        raise FunctionNameError(f"reserved are {', '.join(RESERVED_NAMES)}")
