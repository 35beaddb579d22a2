"""Which names a function may have: those of Python packages that are not taken yet."""

import importlib.util
import keyword
import re
import sys
from pathlib import Path
from typing import Final

from modelyard_contract.names import FunctionNameError, check_function_name, function_name
from modelyard_contract.third_party import LOCKS, module_names

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST: Final = 50


class BadNameError(Exception):
    """The name cannot be used; the text is one line that says why."""


def check_name(name: str, repository: Path) -> None:
    """Check that `name` can be that of a new function in the repository.

    Raises:
        BadNameError: it cannot.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise BadNameError(
            f"{name!r} is not a valid function name: use at most {_LONGEST} lowercase letters, "
            "digits and single inner underscores, such as my_detector"
        )
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise BadNameError(f"{name!r} is a Python keyword; add a word, such as {name}_model")
    try:
        check_function_name(function_name(name))
    except FunctionNameError as error:
        raise BadNameError(f"{name!r} is not a valid function name: {error}") from None
    taken = _where_taken(name, repository)
    if taken:
        raise BadNameError(
            f"a Python package {name!r} already exists in {taken}; choose another name"
        )


def title(name: str) -> str:
    """Return the name as a title."""
    return " ".join(word.capitalize() for word in name.split("_"))


def class_name(name: str) -> str:
    """Return the name of the model's class."""
    return "".join(word.capitalize() for word in name.split("_"))


def _where_taken(name: str, repository: Path) -> str | None:
    """Return where a module of that name exists: functions are top-level packages."""
    for folder in (*sorted(repository.glob("functions/*")), repository / "lib"):
        if (folder / name).exists():
            return str((folder / name).relative_to(repository))
    if name in sys.stdlib_module_names:
        return "Python's standard library"
    if name in module_names(lock.read_text(encoding="utf-8") for lock in repository.glob(LOCKS)):
        return f"a library of {LOCKS}"
    return "an installed package" if importlib.util.find_spec(name) else None
