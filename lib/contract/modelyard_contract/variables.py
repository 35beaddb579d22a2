"""Environment variables: their names, and which of them an author may set on a function."""

from __future__ import annotations

import re
from collections.abc import Mapping

PREFIX = "MODELYARD_"

# Read by the workers of a function.
ASSETS = "MODELYARD_ASSETS"
DEVICE = "MODELYARD_DEVICE"
GPU_MEMORY = "MODELYARD_GPU_MEMORY"
IMAGE_CACHE = "MODELYARD_IMAGE_CACHE"
MAX_PIXELS = "MODELYARD_MAX_PIXELS"
MODEL_CACHE = "MODELYARD_MODEL_CACHE"
THREADS = "MODELYARD_THREADS"
TRACEBACKS = "MODELYARD_TRACEBACKS"
# Nuclio's own, which our server sets too.
HANDLER = "NUCLIO_HANDLER"
FUNCTION_NAME = "NUCLIO_FUNCTION_NAME"
FUNCTION_HANDLER = "NUCLIO_FUNCTION_HANDLER"

# Read by the standalone server beside its settings, see `setting`.
CONFIG = "MODELYARD_CONFIG"

# Read by the embedded platform and the deployer.
HOME = "MODELYARD_HOME"
HOST = "MODELYARD_HOST"
PORT = "MODELYARD_PORT"
TARGET = "MODELYARD_TO"
NUCLIO_DASHBOARD = "MODELYARD_NUCLIO_DASHBOARD"

# Read by commands: the user's working directory, and mirrors to try first.
CWD = "MODELYARD_CWD"
DEBIAN_MIRRORS = "MODELYARD_DEBIAN_MIRRORS"
WEIGHTS_MIRROR = "MODELYARD_WEIGHTS_MIRROR"

# Tuning of a model; all our other settings follow from fields.
TUNABLE = (IMAGE_CACHE, MAX_PIXELS, THREADS)

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# The last four decide which interpreter runs a worker, and which code it imports.
_RESERVED = re.compile(rf"(NUCLIO_|{PREFIX}).*|PATH|PYTHONHOME|PYTHONPATH|PYTHONSAFEPATH")


class VariableError(ValueError):
    """A variable that would break the function; `what` is its name or value."""

    def __init__(self, what: str, accepted: str) -> None:
        super().__init__(accepted)
        self.what = what
        self.accepted = accepted


def setting(field: str) -> str:
    """Return the variable for a field of `modelyard.serving.server.settings.Settings`."""
    return PREFIX + field.upper()


def is_name(text: str) -> bool:
    """Return whether a variable may have this name."""
    return _NAME.fullmatch(text) is not None


def is_reserved(name: str) -> bool:
    """Return whether the runtime itself sets the variable, so that authors may not."""
    return _RESERVED.fullmatch(name) is not None and name not in TUNABLE


def is_writable(value: str) -> bool:
    """Return whether Nuclio's docker platform can pass the value in single quotes to a shell."""
    return "'" not in value and value.isprintable()


def check_variables(env: Mapping[str, str]) -> None:
    """Check the variables that an author sets.

    Raises:
        VariableError: a name is reserved or invalid, or a value is not writable.
    """
    for name, value in env.items():
        if not is_name(name):
            raise VariableError(name, "names of letters, digits and `_` are accepted")
        if is_reserved(name):
            raise VariableError(
                name,
                f"the runtime sets it; of its variables only {', '.join(TUNABLE[:-1])} and "
                f"{TUNABLE[-1]} may be set, the others follow from fields such as `workers` "
                "and `gpus`",
            )
        if not is_writable(value):
            raise VariableError(value, "values on one line, without single quotes, are accepted")
