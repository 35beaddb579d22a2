"""The containers that Nuclio creates on Docker."""

from collections.abc import Mapping
from typing import Any, Final

from modelyard_contract.nuclio import DEFAULT_NAMESPACE, GPU, PREFIX
from modelyard_contract.ports import EVENTS
from modelyard_contract.quantities import cores, memory_bytes
from modelyard_tools.deployer.nuclio.api import Function
from modelyard_tools.engine.inspected import Container

# Label of the deployer's own short-lived containers; the next run removes leftovers.
SIDE_LABEL: Final = "dev.modelyard.trial"


def container_name(function: str) -> str:
    """Return the name of a function's container."""
    return f"{PREFIX}{DEFAULT_NAMESPACE}-{function}"


def live_port(function: str, containers: Mapping[str, Container]) -> int | None:
    """Return the host port on which a function currently answers; None if on none."""
    container = containers.get(container_name(function))
    return container.ports.get(EVENTS) if container and container.runs else None


def live_state(function: Function, containers: Mapping[str, Container]) -> str:
    """Return a function's state, `unhealthy` if Nuclio believes it ready but it is dead."""
    container = containers.get(container_name(function.metadata.name))
    alive = container is not None and container.runs and container.health != "unhealthy"
    if function.status.state == "ready" and not alive:
        return "unhealthy"
    return function.status.state


def container_options(spec: Mapping[str, Any]) -> list[str]:
    """Return the engine's options for the environment and limits in a function's `spec`."""
    options = []
    for variable in spec.get("env") or ():
        options += ["--env", f"{variable['name']}={variable.get('value', '')}"]
    limits = (spec.get("resources") or {}).get("limits") or {}
    if limits.get("cpu"):
        options += ["--cpus", f"{float(cores(str(limits['cpu']))):g}"]
    if limits.get("memory"):
        options += ["--memory", f"{memory_bytes(str(limits['memory']))}b"]
    if int(limits.get(GPU) or 0):
        options += ["--gpus", "all"]
    return options
