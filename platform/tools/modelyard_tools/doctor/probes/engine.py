"""Docker's engine, Nuclio's containers, and CVAT's server."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from modelyard_contract import images, nuclio, ports
from modelyard_tools.doctor.facts import Container, Engine, Reach
from modelyard_tools.doctor.probes.machine import place
from modelyard_tools.doctor.probes.shell import ask
from modelyard_tools.engine.client import EngineError
from modelyard_tools.engine.engine import Engine as Client
from modelyard_tools.engine.inspected import Container as Inspected

_CVAT_SERVER: Final = "com.docker.compose.service=cvat_server"
# Requests each URL given as an argument, and prints its error, one line each.
_ASK: Final = """
import sys, urllib.error, urllib.request
for url in sys.argv[1:]:
    try:
        urllib.request.urlopen(url, timeout=5)
        print("")
    except urllib.error.HTTPError:
        print("")
    except Exception as error:
        print(str(getattr(error, "reason", error)).replace("\\n", " "))
"""


def engine() -> Engine | None:
    """Return Docker's engine; None if the docker command is not found."""
    said = ask(["docker", "info", "--format", "{{json .}}"])
    if said is None:
        return None
    info = _decoded(said.out)
    version = info.get("ServerVersion")
    if not version:
        return Engine(problem=(info.get("ServerErrors") or [said.last_line])[0])
    root = Path(info.get("DockerRootDir") or "/")
    return Engine(
        version=version,
        runtimes=tuple(info.get("Runtimes") or ()),
        place=place(root) if root.exists() else None,
        containers=_containers(),
    )


def _containers() -> tuple[Container, ...]:
    try:
        found = Client().containers()
    except EngineError:
        # It answered a moment ago.
        return ()
    return tuple(map(container, found.values()))


def container(inspected: Inspected) -> Container:
    """Return the facts about a container."""
    return Container(
        name=inspected.name,
        state=inspected.status,
        nuclio=inspected.labels.get(nuclio.FUNCTION_LABEL, ""),
        ours=inspected.labels.get(images.FUNCTION_LABEL, ""),
        port=inspected.ports.get(ports.EVENTS),
        published=tuple(sorted(inspected.published)),
    )


def reach(function_ports: Sequence[int]) -> tuple[Reach, ...]:
    """Return what CVAT servers that run here can reach: their Nuclio, and functions directly."""
    listing = ask(["docker", "ps", "--filter", f"label={_CVAT_SERVER}", "--format", "{{.Names}}"])
    names = listing.out.split() if listing and not listing.code else []
    return tuple(_reach(name, function_ports) for name in names)


def _reach(name: str, function_ports: Sequence[int]) -> Reach:
    said = ask(["docker", "exec", name, "env"])
    env = dict(
        line.split("=", 1) for line in (said.out if said else "").splitlines() if "=" in line
    )
    server = server_of(name, env)
    urls = [f"http://{server.host}:{server.port}/api/versions"]
    if server.method == "direct":
        urls += [f"http://host.docker.internal:{port}/" for port in function_ports[:1]]
    asked = ask(["docker", "exec", name, "python3", "-c", _ASK, *urls], seconds=30)
    if asked is None or asked.code:
        answers = [asked.last_line if asked else "docker was not found"] * len(urls)
    else:
        answers = asked.out.split("\n")[: len(urls)]
    return Reach(
        container=name,
        serverless=server.serverless,
        host=server.host,
        port=server.port,
        method=server.method,
        asked=dict(zip(urls, answers, strict=True)),
    )


def server_of(name: str, env: dict[str, str]) -> Reach:
    """Return a server's settings for Nuclio from its environment, with CVAT's defaults."""
    port = env.get("CVAT_NUCLIO_PORT") or ""
    return Reach(
        container=name,
        serverless=env.get("CVAT_SERVERLESS", "").lower() in ("1", "true", "yes", "on"),
        host=env.get("CVAT_NUCLIO_HOST") or "nuclio",
        port=int(port) if port.isdecimal() else ports.DASHBOARD,
        method=env.get("CVAT_NUCLIO_INVOKE_METHOD")
        or ("dashboard" if env.get("KUBERNETES_SERVICE_HOST") else "direct"),
    )


def _decoded(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
