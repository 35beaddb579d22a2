"""What functions may be called: in Nuclio, in CVAT's API, on Docker and on Kubernetes."""

from __future__ import annotations

import re

# A DNS label, which is as long as the longest of CVAT's own function names.
LONGEST_NAME = 63
NAME_PATTERN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
# Nuclio's own, and the one whose log is the embedded platform's.
RESERVED_NAMES = ("dashboard", "controller", "dlx", "scaler", "platform")


class FunctionNameError(ValueError):
    """Not the name of a function; the message says what is accepted."""


def function_name(target: str) -> str:
    """Return the name of the function that a target or Python package of that name stands for."""
    return target.replace("_", "-").lower()


def check_function_name(name: str) -> None:
    """Accept a function's name, or say what is wrong with it.

    Raises:
        FunctionNameError: it is too long, not a DNS label, or reserved.
    """
    if len(name) > LONGEST_NAME or not re.fullmatch(NAME_PATTERN, name):
        raise FunctionNameError(
            f"lowercase letters, digits and inner dashes are accepted, {LONGEST_NAME} at most"
        )
    if name in RESERVED_NAMES:
        raise FunctionNameError(f"reserved are {', '.join(RESERVED_NAMES)}")
