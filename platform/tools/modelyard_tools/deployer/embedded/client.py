"""The deployer's side of the embedded platform's dashboard API."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec

from modelyard_contract import headers as nuclio_headers
from modelyard_contract.nuclio import DIGEST
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.home.running import HOST
from modelyard_tools.home.state import Deployment
from modelyard_tools.http.exchange import NO_ANSWER, Reply, exchange

_TIMEOUT: Final = 60.0


class Metadata(msgspec.Struct, frozen=True):
    """Name and annotations of a function."""

    name: str
    annotations: dict[str, str] = {}


class Workers(msgspec.Struct, frozen=True):
    """How many workers are ready and busy, and how many were replaced."""

    ready: int = 0
    busy: int = 0
    restarts: int = 0
    pids: list[int] = []


class Resources(msgspec.Struct, frozen=True, rename="camel"):
    """The limits of a function, how they are enforced, and its GPUs' ids."""

    memory_bytes: int | None = None
    cpus: float | None = None
    enforced_by: str | None = None
    gpus: list[str] = []


class Status(msgspec.Struct, frozen=True, rename="camel"):
    """A function's state; `http_port` None means that it has no port yet."""

    state: str
    message: str = ""
    http_port: int | None = None
    last_deployment: Deployment | None = None
    workers: Workers = Workers()
    resources: Resources = Resources()


class Function(msgspec.Struct, frozen=True):
    """A function as the platform reports it."""

    metadata: Metadata
    status: Status

    @property
    def digest(self) -> str | None:
        """Digest of the release that serves, None if it was not deployed by us."""
        return self.metadata.annotations.get(DIGEST)

    @property
    def url(self) -> str:
        """The URL at which it answers."""
        return f"http://{HOST}:{self.status.http_port}" if self.status.http_port else ""


class Platform(msgspec.Struct, frozen=True):
    """Which platform answers: its home, process id and the digest of its code."""

    home: str
    pid: int
    digest: str


class _Versions(msgspec.Struct):
    embedded: Platform


class Dashboard:
    """The dashboard API of the platform on a loopback port."""

    def __init__(self, port: int) -> None:
        self.port = port

    def platform(self, timeout: float = _TIMEOUT) -> Platform | None:
        """Return the platform that answers there; None if nothing does, or something else.

        Waits at most `timeout` seconds.
        """
        try:
            reply = self._send("GET", "/api/versions", timeout=timeout)
            return msgspec.json.decode(reply.body, type=_Versions).embedded
        except (*NO_ANSWER, msgspec.DecodeError):
            return None

    def functions(self) -> dict[str, Function]:
        """Return all functions by name."""
        return msgspec.json.decode(
            self._ask("GET", "/api/functions").body, type=dict[str, Function]
        )

    def configs(self) -> dict[str, dict[str, Any]]:
        """Return the configurations of all functions by name, as they were submitted."""
        functions = msgspec.json.decode(self._ask("GET", "/api/functions").body)
        return {
            name: {"metadata": each["metadata"], "spec": each["spec"]}
            for name, each in functions.items()
        }

    def put(self, config: Mapping[str, Any]) -> None:
        """Start to deploy a function; `functions` shows its progress."""
        self._ask("PUT", f"/api/functions/{config['metadata']['name']}", config)

    def delete(self, name: str) -> None:
        """Stop and remove the function."""
        force = {nuclio_headers.FORCE_DELETE: "true"}
        self._ask("DELETE", "/api/functions", {"metadata": {"name": name}}, force)

    def ensure_project(self, name: str) -> None:
        """Create the project if it does not exist."""
        if self._send("GET", f"/api/projects/{name}").status == HTTPStatus.NOT_FOUND:
            self._ask("POST", "/api/projects", {"metadata": {"name": name}})

    def invoke(self, name: str, body: bytes, timeout: float) -> Reply:
        """Send `body` (JSON) to the function, as CVAT does; wait `timeout` seconds at most."""
        headers = {
            "content-type": "application/json",
            nuclio_headers.FUNCTION_NAME: name,
            nuclio_headers.PATH: "/",
            nuclio_headers.INVOKE_TIMEOUT: f"{timeout:g}s",
        }
        try:
            # The platform times out first, and reports it.
            return self._send("POST", "/api/function_invocations", body, headers, timeout + 5)
        except NO_ANSWER as error:
            raise self._gone(error) from None

    def _ask(
        self,
        method: str,
        path: str,
        content: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request that must succeed.

        Raises:
            DeployError: it was refused, or the platform does not answer.
        """
        body = None if content is None else json.dumps(content).encode()
        try:
            reply = self._send(method, path, body, headers)
        except NO_ANSWER as error:
            raise self._gone(error) from None
        if reply.status >= HTTPStatus.BAD_REQUEST:
            raise DeployError(f"the platform refused {method} {path}: {reply.error}")
        return reply

    def _send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = _TIMEOUT,
    ) -> Reply:
        return exchange((HOST, self.port), method, path, body, headers, timeout=timeout)

    def _gone(self, error: Exception) -> DeployError:
        return DeployError(
            f"the platform on port {self.port} does not answer ({error}); "
            "`logs platform` shows its log"
        )
