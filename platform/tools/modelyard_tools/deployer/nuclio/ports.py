"""Whether functions can have their ports, checked before anything is changed."""

from collections.abc import Iterable, Mapping

from modelyard_tools.deployer.nuclio.api import Config, Function, fixed_port
from modelyard_tools.deployer.nuclio.containers import container_name
from modelyard_tools.engine.inspected import Container
from modelyard_tools.http.ports import PortError, bind

_ALL: str = "0.0.0.0"  # noqa: S104 - where Docker publishes ports


def conflicts(
    configs: Iterable[Config],
    functions: Mapping[str, Function],
    containers: Mapping[str, Container],
) -> dict[str, str]:
    """Return, by function, what occupies the fixed port that its configuration asks for.

    `functions` and `containers` are the current ones. A function may of course replace
    itself, and take over the port of one that is being deployed with another port.
    """
    wanted = {config["metadata"]["name"]: fixed_port(config["spec"]) for config in configs}
    found: dict[str, str] = {}
    for name, port in wanted.items():
        if port is None:
            continue
        holder = (
            _same_wish(name, port, wanted)
            or _other_function(name, port, functions, wanted)
            or _other_container(name, port, containers)
            or _other_process(name, port, containers)
        )
        if holder:
            found[name] = f"port {port} is already taken by {holder}"
    return found


def _same_wish(name: str, port: int, wanted: Mapping[str, int | None]) -> str:
    others = (other for other, its in wanted.items() if its == port and other != name)
    return next((f"{other}, which is also being deployed" for other in others), "")


def _other_function(
    name: str, port: int, functions: Mapping[str, Function], wanted: Mapping[str, int | None]
) -> str:
    for other, function in functions.items():
        its = fixed_port(function.spec) or function.status.http_port
        if other != name and its == port and other not in wanted:
            return f"the function {other}; `delete {other}` removes it"
    return ""


def _other_container(name: str, port: int, containers: Mapping[str, Container]) -> str:
    for other, container in containers.items():
        if other != container_name(name) and port in container.ports.values():
            return f"the container {other}; `docker rm --force {other}` removes it"
    return ""


def _other_process(name: str, port: int, containers: Mapping[str, Container]) -> str:
    own = containers.get(container_name(name))
    if own and port in own.ports.values():
        return ""
    try:
        bind(port, _ALL).close()
    except PortError as error:
        return str(error).rpartition("taken by ")[2]
    return ""
