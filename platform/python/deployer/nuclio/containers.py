"""The containers that Nuclio makes on Docker."""

from collections.abc import Mapping
from typing import Final

from deployer.nuclio.api import NAMESPACE, Function
from deployer.nuclio.engine import Container

# The port inside, on which every processor listens.
EVENTS: Final = 8080


def container_name(function: str) -> str:
    """Return the name of a function's container."""
    return f"nuclio-{NAMESPACE}-{function}"


def live_port(function: str, containers: Mapping[str, Container]) -> int | None:
    """Return the host's port on which a function answers at this moment; None if on none."""
    container = containers.get(container_name(function))
    return container.ports.get(EVENTS) if container and container.runs else None


def live_state(function: Function, containers: Mapping[str, Container]) -> str:
    """Return a function's state, `unhealthy` for what Nuclio believes ready and which is dead."""
    container = containers.get(container_name(function.metadata.name))
    alive = container is not None and container.runs and container.health != "unhealthy"
    if function.status.state == "ready" and not alive:
        return "unhealthy"
    return function.status.state
