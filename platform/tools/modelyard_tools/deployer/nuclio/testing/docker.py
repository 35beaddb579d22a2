"""A double of the docker client and its engine. Standard library only: it starts often.

`MODELYARD_DOCKER_DOUBLE` is the folder with its images and containers. A container is a
process that gets its ports as MODELYARD_PORT and MODELYARD_HEALTH_PORT and its files in a folder.
An additional command is `docker engine stop|start`, like systemctl's: a stop ends every container,
and a start restarts those with a restart policy, published on random new ports.
"""

import os
import sys
from pathlib import Path
from typing import Any

from modelyard_tools.deployer.nuclio.testing.container_commands import CONTAINER_COMMANDS
from modelyard_tools.deployer.nuclio.testing.engine import DOWN, Engine, RefusedError
from modelyard_tools.deployer.nuclio.testing.faults import EngineDiedError, FaultError
from modelyard_tools.deployer.nuclio.testing.image_commands import IMAGE_COMMANDS

VARIABLE = "MODELYARD_DOCKER_DOUBLE"
_FLAGS = {
    "--detach",
    "-d",
    "--all",
    "-a",
    "--quiet",
    "-q",
    "--no-trunc",
    "--force",
    "-f",
    "--volumes",
    "--follow",
}
_EVENTS, _HEALTH = "8080", "8082"
_FAILED = 1


def main(arguments: list[str]) -> int:
    """Do what docker would, as far as the deployer and Nuclio use it."""
    engine = Engine(Path(os.environ[VARIABLE]))
    try:
        with engine.held():
            output = _do(engine, arguments)
    except (RefusedError, FaultError) as error:
        print(error, file=sys.stderr)
        return _FAILED
    if callable(output):
        output()
        return 0
    sys.stdout.write(output[0])
    sys.stderr.write(output[1])
    return _FAILED if output[1] else 0


def _do(engine: Engine, arguments: list[str]) -> Any:
    command, rest = arguments[0], arguments[1:]
    if command == "engine":
        (engine.start if rest[0] == "start" else engine.stop)()
        return "", ""
    if command in ("image", "container"):
        command, rest = f"{command} {rest[0]}", rest[1:]
    engine.require_up()
    _strike(engine, command, rest)
    options, words = _split(rest)
    return {**IMAGE_COMMANDS, **CONTAINER_COMMANDS}[command](engine, options, words)


def _strike(engine: Engine, command: str, rest: list[str]) -> None:
    """Apply a fault planted for a command, or for its subject (a trial, or Nuclio's container)."""
    whom = next((who for who in ("trial", "nuclio") if f"-{who}-" in f"-{' '.join(rest)}"), "other")
    try:
        engine.faults.strike(f"docker {command} {whom}", os.getppid)
    except EngineDiedError as death:
        engine.stop(str(death))
        raise RefusedError(DOWN) from None


def _split(rest: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the options with their values, and the arguments after them."""
    options = []
    while rest and rest[0].startswith("-") and rest[0] != "-":
        name, equals, value = rest.pop(0).partition("=")
        if not equals and name not in _FLAGS:
            value = rest.pop(0)
        options.append((name, value))
    return options, rest


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
