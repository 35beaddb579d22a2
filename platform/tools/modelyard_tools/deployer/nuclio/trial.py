"""Testing an image on the side, run as by Nuclio, before anything depends on it."""

import time
from typing import Any, Final

import msgspec

from modelyard_contract.limits import READY_TIMEOUT
from modelyard_contract.nuclio import CONFIG_FILE
from modelyard_contract.ports import EVENTS
from modelyard_tools.deployer.core.diagnosis import explain
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.nuclio.answering import require_answer
from modelyard_tools.deployer.nuclio.api import Config
from modelyard_tools.deployer.nuclio.containers import SIDE_LABEL, container_options
from modelyard_tools.deployer.output.report import Report
from modelyard_tools.engine.engine import Engine
from modelyard_tools.engine.inspected import Container
from modelyard_tools.errors import ToolError

_HOST: Final = "127.0.0.1"
_POLL: Final = 0.25
_LOG_LINES: Final = 400


class FunctionError(DeployError):
    """The function itself does not work; `log` is its whole output."""

    def __init__(self, text: str, log: str) -> None:
        super().__init__(text)
        self.log = log


def readiness_seconds(config: Config) -> float:
    """Return how long Nuclio waits for a function to become ready."""
    return float(config["spec"].get("readinessTimeoutSeconds") or READY_TIMEOUT)


def try_out(engine: Engine, config: Config, kind: str) -> None:
    """Run the function next to everything else, on a separate port, and send it a request.

    `kind` is the type of the function, which determines the request.

    Raises:
        FunctionError: it does not start, or does not answer as it should.
        EngineError: the engine cannot run it.
    """
    name = trial_name(config["metadata"]["name"])
    engine.remove([name])
    try:
        content = msgspec.json.encode(config)
        engine.start(name, config["spec"]["image"], _options(config), {CONFIG_FILE: content})
        port = _wait(engine, name, readiness_seconds(config))
        try:
            require_answer(_HOST, port, kind)
        except ToolError as error:
            raise FunctionError(str(error), engine.log(name, _LOG_LINES)) from None
    finally:
        engine.remove([name])


def trial_name(function: str) -> str:
    """Return the name of the container in which a function is tested."""
    return f"modelyard-trial-{function}"


def remove_leftovers(engine: Engine, report: Report) -> dict[str, Container]:
    """Remove test containers that an interrupted deploy left; return the others."""
    containers = engine.containers()
    left = [name for name, each in containers.items() if SIDE_LABEL in each.labels]
    if left:
        with report.step(f"removing {', '.join(left)}, left by an interrupted deploy"):
            engine.remove(left)
    return {name: each for name, each in containers.items() if name not in left}


def _wait(engine: Engine, name: str, timeout: float) -> int:
    """Return the container's host port once it is healthy."""
    deadline = time.monotonic() + timeout
    while True:
        container = engine.container(name)
        if container is None:
            raise DeployError(f"the container {name} was removed during its trial")
        if container.health == "healthy" and EVENTS in container.ports:
            return container.ports[EVENTS]
        late = time.monotonic() > deadline
        if not container.runs or late:
            raise _failure(container, engine.log(name, _LOG_LINES), timeout)
        time.sleep(_POLL)


def _failure(container: Container, log: str, timeout: float) -> FunctionError:
    if container.runs:
        why = f"it did not get ready within {timeout:g} s"
    elif container.out_of_memory:
        why = "it was killed because it ran out of memory"
    else:
        why = f"it ended with exit code {container.exit_code}"
    return FunctionError(f"{why}\n{explain(f'{log}{why}')}", log)


def _options(config: Config) -> list[str]:
    """Return the options with which Nuclio would run it, except name, port and restarts."""
    spec: dict[str, Any] = config["spec"]
    options = ["--label", f"{SIDE_LABEL}={config['metadata']['name']}"]
    options += ["--publish", f"{_HOST}::{EVENTS}", *container_options(spec)]
    network = ((spec.get("platform") or {}).get("attributes") or {}).get("network")
    return [*options, "--network", network] if network else options
