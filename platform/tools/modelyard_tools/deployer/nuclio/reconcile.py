"""Repairing functions whose real state on Docker differs from what Nuclio believes.

After a restart Docker publishes containers without a fixed port on new ones, and those without a
restart policy stay down; Nuclio notices neither.
"""

import copy
import secrets
from typing import Final

from modelyard_contract.ports import EVENTS
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.nuclio.api import ATTEMPT, PORT, Api, Config, Function, fixed_port
from modelyard_tools.deployer.nuclio.containers import container_name
from modelyard_tools.deployer.nuclio.rollout import longest_deployment
from modelyard_tools.engine.client import EngineError
from modelyard_tools.engine.engine import Engine

_READY: Final = ("ready", "unhealthy")


def reconcile(engine: Engine, api: Api, function: Function) -> str:
    """Repair a function; return what was done, "" if nothing was wrong.

    A stopped container is started again. A function whose port Nuclio has wrong, or
    whose container is lost, is deployed again, which makes Nuclio look again.

    Raises:
        DeployError: it cannot be repaired.
    """
    name, believed = function.metadata.name, function.status.http_port
    if function.status.state not in _READY:
        return ""
    container = engine.container(container_name(name))
    done = []
    if container is not None and not container.runs and container.status != "restarting":
        try:
            engine.start_again(container.name)
            done.append("started again")
        except EngineError as error:
            # Most likely its port is taken; deploying it again gives a better message.
            done.append(f"could not be started ({error})")
        container = engine.container(container.name)
    port = container.ports.get(EVENTS) if container else None
    if container and container.runs and port == (believed or port):
        return ", ".join(done)
    wanted = fixed_port(function.spec) or port
    _deploy_again(api, function, wanted)
    return ", ".join(
        [*done, f"deployed again on {f'port {wanted}' if wanted else 'any free port'}"]
    )


def _deploy_again(api: Api, function: Function, port: int | None) -> None:
    config = with_port(function.config, port)
    found = api.deploy(config, longest_deployment(config))
    if found.status.state != "ready":
        raise DeployError(f"{function.metadata.name} is {found.status.state} now; see its log")


def with_port(config: Config, port: int | None) -> Config:
    """Return a copy that keeps `port` from now on, marked as a separate deployment."""
    fixed = copy.deepcopy(config)
    fixed["metadata"].setdefault("annotations", {})[ATTEMPT] = secrets.token_hex(8)
    for trigger in (fixed["spec"].get("triggers") or {}).values():
        if port and trigger.get("kind") == "http":
            trigger.setdefault("attributes", {})[PORT] = port
    return fixed
