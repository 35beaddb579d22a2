"""The debugger and the working copy's modules, placed first on a container's module path.

They are copied, not mounted, so that the engine may be on another machine, and the container's
user may read them.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from modelyard_contract.images import HOME
from modelyard_contract.variables import TRACEBACKS
from modelyard_tools.deployer.debugger.startup import STARTUP, Debugger, startup_file

_HOME: Final = f"{HOME}/debug"
_DEBUGPY: Final = f"{_HOME}/debugpy"
_SEARCH: Final = "PYTHONPATH"
# In a container; the engine decides who can reach it.
ANY_HOST: Final = "0.0.0.0"  # noqa: S104
A_DAY: Final = 86400


class Contained(msgspec.Struct, frozen=True):
    """What to add to a container: `files` by absolute path, and `env`."""

    files: dict[str, bytes]
    env: dict[str, str]


def contained(debugger: Debugger, roots: Sequence[Path], env: Mapping[str, str]) -> Contained:
    """Return `debugger` and the modules in `roots`, for an image that sets `env`.

    Raises:
        DeployError: the debugger's PEX does not contain debugpy.
    """
    folders = inside(roots)
    files = {f"{_HOME}/{STARTUP}": startup_file()}
    for distribution in debugger.distributions():
        files |= _files(distribution, _DEBUGPY)
    for root, folder in folders.items():
        files |= _files(root, folder)
    search = [_HOME, *folders.values(), *env.get(_SEARCH, "").split(os.pathsep), _DEBUGPY]
    variables = {
        _SEARCH: os.pathsep.join(filter(None, search)),
        TRACEBACKS: "1",
        **debugger.variables(),
    }
    return Contained(files, variables)


def inside(roots: Sequence[Path]) -> dict[Path, str]:
    """Return the paths of the working copy's folders in the container."""
    return {root: f"{_HOME}/sources/{i}-{root.name}" for i, root in enumerate(roots)}


def debug_config(config: Mapping[str, Any], env: Mapping[str, str]) -> dict[str, Any]:
    """Return a function's configuration for one worker that may be paused for a day.

    `env` takes precedence over what the function sets.
    """
    spec = {key: value for key, value in config["spec"].items() if key != "eventTimeout"}
    theirs = (each for each in spec.get("env") or () if each["name"] not in env)
    triggers = {key: _patient(each) for key, each in (spec.get("triggers") or {}).items()}
    ours = ({"name": name, "value": value} for name, value in env.items())
    return {**config, "spec": {**spec, "env": [*theirs, *ours], "triggers": triggers}}


def env_of(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment variables that a function's configuration sets."""
    return {each["name"]: each.get("value", "") for each in config["spec"].get("env") or ()}


def _patient(trigger: Mapping[str, Any]) -> dict[str, Any]:
    changed = {**trigger, "workerAvailabilityTimeoutMilliseconds": A_DAY * 1000, "numWorkers": 1}
    return {key: value for key, value in changed.items() if key != "maxWorkers"}


def _files(folder: Path, name: str) -> dict[str, bytes]:
    return {
        f"{name}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in _regular(folder)
    }


def _regular(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in parts):
            yield path
