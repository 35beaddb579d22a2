"""Environment variables: their names, and which of them an author may set on a function."""

from __future__ import annotations

import re
from collections.abc import Mapping

PREFIX = "MODELYARD_"

# What the workers of a function read.
ASSETS = "MODELYARD_ASSETS"
DEVICE = "MODELYARD_DEVICE"
GPU_MEMORY = "MODELYARD_GPU_MEMORY"
IMAGE_CACHE = "MODELYARD_IMAGE_CACHE"
MODEL_CACHE = "MODELYARD_MODEL_CACHE"
THREADS = "MODELYARD_THREADS"
TRACEBACKS = "MODELYARD_TRACEBACKS"
# Nuclio's own, which our server sets too.
HANDLER = "NUCLIO_HANDLER"
FUNCTION_NAME = "NUCLIO_FUNCTION_NAME"
FUNCTION_HANDLER = "NUCLIO_FUNCTION_HANDLER"

# What the standalone server reads beside its settings, see `setting`.
CONFIG = "MODELYARD_CONFIG"

# What the embedded platform and the deployer read.
HOME = "MODELYARD_HOME"
HOST = "MODELYARD_HOST"
PORT = "MODELYARD_PORT"
TARGET = "MODELYARD_TO"
NUCLIO_DASHBOARD = "MODELYARD_NUCLIO_DASHBOARD"

# What commands read: where the user typed them, and where to fetch from first.
CWD = "MODELYARD_CWD"
DEBIAN_MIRRORS = "MODELYARD_DEBIAN_MIRRORS"
WEIGHTS_MIRROR = "MODELYARD_WEIGHTS_MIRROR"

# What a model may be tuned by; every other setting of ours follows from a field.
TUNABLE = (IMAGE_CACHE, THREADS)

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# The last four decide which interpreter runs a worker, and which code it imports.
_RESERVED = re.compile(rf"(NUCLIO_|{PREFIX}).*|PATH|PYTHONHOME|PYTHONPATH|PYTHONSAFEPATH")


class VariableError(ValueError):
    """A variable that would break the function; `what` is its name or its value."""

    def __init__(self, what: str, accepted: str) -> None:
        super().__init__(accepted)
        self.what = what
        self.accepted = accepted


def setting(field: str) -> str:
    """Return the variable of a field of `modelyard.serving.server.settings.Settings`."""
    return PREFIX + field.upper()


def is_name(text: str) -> bool:
    """Whether any variable may have that name."""
    return _NAME.fullmatch(text) is not None


def is_reserved(name: str) -> bool:
    """Whether the runtime sets the variable itself, so that no author may."""
    return _RESERVED.fullmatch(name) is not None and name not in TUNABLE


def is_writable(value: str) -> bool:
    """Whether Nuclio's docker platform can hand the value on: in single quotes on a shell line."""
    return "'" not in value and value.isprintable()


def check_variables(env: Mapping[str, str]) -> None:
    """Check the variables that an author sets.

    Raises:
        VariableError: a name is reserved or no name, or a value is not writable.
    """
    for name, value in env.items():
        if not is_name(name):
            raise VariableError(name, "names of letters, digits and `_` are accepted")
        if is_reserved(name):
            raise VariableError(
                name,
                f"the runtime sets it; of its own variables only {' and '.join(TUNABLE)} may be "
                "given, the others follow from fields such as `workers` and `gpus`",
            )
        if not is_writable(value):
            raise VariableError(value, "values on one line, without single quotes, are accepted")
