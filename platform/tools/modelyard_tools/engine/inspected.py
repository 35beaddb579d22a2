"""Images and containers as the engine describes them."""

from collections.abc import Mapping
from typing import Any

import msgspec


class Image(msgspec.Struct, frozen=True):
    """An image in the engine. `id` is its digest, `labels` are those of its configuration, `env`
    are the variables that it sets.
    """

    id: str
    labels: dict[str, str]
    env: dict[str, str]
    has_healthcheck: bool


class Container(msgspec.Struct, frozen=True):
    """A container, running or not. `ports` maps its TCP ports to the host's, while it runs.

    `published` are all host TCP ports that lead to it, while it runs; `wanted_ports` are those
    that it was created with. `health` is the engine's name for it, empty without a health check.
    `address` is its own, empty while it is stopped.
    """

    name: str
    status: str
    exit_code: int
    out_of_memory: bool
    health: str
    labels: dict[str, str]
    ports: dict[int, int]
    published: frozenset[int]
    wanted_ports: frozenset[int]
    address: str

    @property
    def runs(self) -> bool:
        """Whether its process runs; False while it is being restarted."""
        return self.status == "running"


def read_image(described: Mapping[str, Any]) -> Image:
    """Parse an image as `docker image inspect` describes it."""
    config = described.get("Config") or {}
    return Image(
        id=described["Id"],
        labels=config.get("Labels") or {},
        env=dict(pair.split("=", 1) for pair in config.get("Env") or ()),
        has_healthcheck=bool(config.get("Healthcheck")),
    )


def read_container(described: Mapping[str, Any]) -> Container:
    """Parse a container as `docker container inspect` describes it."""
    state = described["State"]
    bindings = (described.get("HostConfig") or {}).get("PortBindings") or {}
    network = described.get("NetworkSettings") or {}
    bound = {
        int(inner.partition("/")[0]): [int(each["HostPort"]) for each in hosts]
        for inner, hosts in (network.get("Ports") or {}).items()
        if hosts and inner.endswith("/tcp")
    }
    addresses = (each.get("IPAddress") for each in (network.get("Networks") or {}).values())
    wanted = (each.get("HostPort") for hosts in bindings.values() for each in hosts or ())
    return Container(
        name=described["Name"].lstrip("/"),
        status=state["Status"],
        exit_code=state.get("ExitCode", 0),
        out_of_memory=bool(state.get("OOMKilled")),
        health=(state.get("Health") or {}).get("Status", ""),
        labels=(described.get("Config") or {}).get("Labels") or {},
        ports={inner: hosts[0] for inner, hosts in bound.items()},
        published=frozenset(port for hosts in bound.values() for port in hosts),
        wanted_ports=frozenset(int(port) for port in wanted if port and port.isdecimal()),
        address=next(filter(None, addresses), ""),
    )
