"""Functions of Nuclio on Docker as `status` shows them."""

from collections.abc import Mapping
from typing import Final

from modelyard_tools.deployer.core.diagnosis import explain
from modelyard_tools.deployer.core.target import Deployed
from modelyard_tools.deployer.nuclio.api import Function
from modelyard_tools.deployer.nuclio.containers import live_port, live_state
from modelyard_tools.deployer.nuclio.rollout import kind_of
from modelyard_tools.engine.inspected import Container

_HOST: Final = "127.0.0.1"


def described(function: Function, containers: Mapping[str, Container]) -> Deployed:
    """Return a function with the port on which it currently answers."""
    name = function.metadata.name
    port = live_port(name, containers)
    return Deployed(
        name=name,
        type=kind_of(function.config),
        variant=function.variant,
        state=live_state(function, containers),
        licence=function.licence,
        origin=function.origin,
        release=function.digest,
        url=f"http://{_HOST}:{port}" if port else "",
        problem=_problem(function, port),
    )


def _problem(function: Function, port: int | None) -> str:
    believed = function.status.http_port
    if function.status.state == "error":
        return explain(function.status.message)
    if function.debugged:
        return "it is being debugged; its release comes back when that ends, or at the next apply"
    if function.status.state == "ready" and port is None:
        return "Nuclio considers it ready, but it is not running; `reconcile` repairs it"
    if port and believed and port != believed:
        return (
            f"it answers on port {port}, but Nuclio tells CVAT {believed}; `reconcile` repairs it"
        )
    return ""
