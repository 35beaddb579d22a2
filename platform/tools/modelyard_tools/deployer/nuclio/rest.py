"""Nuclio through the REST API of its dashboard."""

import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, TypeVar

import msgspec

from modelyard_contract import headers as nuclio_headers
from modelyard_contract.nuclio import DEFAULT_NAMESPACE
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.nuclio.api import Config, Function, attempt_of
from modelyard_tools.errors import ToolError
from modelyard_tools.http.exchange import NO_ANSWER, Reply, exchange

_TIMEOUT: Final = 60.0
_POLL: Final = 0.25
_T = TypeVar("_T")
_NAMESPACE_HEADERS: Final = {
    nuclio_headers.FUNCTION_NAMESPACE: DEFAULT_NAMESPACE,
    nuclio_headers.PROJECT_NAMESPACE: DEFAULT_NAMESPACE,
}


class _Versions(msgspec.Struct):
    dashboard: dict[str, str]
    embedded: Any = None


class RestApi:
    """See `modelyard_tools.deployer.nuclio.api.Api`. `address` is the dashboard's host and port."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._where = f"http://{address[0]}:{address[1]}"

    def check(self) -> str:
        """Return the dashboard's version."""
        reply = self._ask("GET", "/api/versions")
        try:
            versions = msgspec.json.decode(reply.body, type=_Versions)
        except msgspec.DecodeError:
            raise DeployError(f"the server on {self._where} is not a Nuclio dashboard") from None
        if versions.embedded is not None:
            raise DeployError(
                f"the server on {self._where} is the embedded platform; name Nuclio's dashboard "
                "with --dashboard, or stop the platform with `stop`"
            )
        return versions.dashboard.get("label", "")

    def functions(self) -> dict[str, Function]:
        """Return all functions by name."""
        reply = self._ask("GET", "/api/functions")
        return self._decoded(reply, dict[str, Function])

    def ensure_project(self, name: str) -> None:
        """Create the project if it does not exist."""
        projects = msgspec.json.decode(self._ask("GET", "/api/projects").body)
        if name not in projects:
            project = {"metadata": {"name": name, "namespace": DEFAULT_NAMESPACE}, "spec": {}}
            self._ask("POST", "/api/projects", project)

    def deploy(self, config: Config, timeout: float) -> Function:
        """Put the function and poll its state until it is done.

        The network may fail and come back meanwhile: the request is sent again
        if it did not arrive.
        """
        name = config["metadata"]["name"]
        deadline = time.monotonic() + timeout
        arrived = self._put(name, config)
        while time.monotonic() < deadline:
            try:
                found = self._get(name)
            except NO_ANSWER:
                time.sleep(_POLL)
                continue
            ours = found is not None and attempt_of(found) == attempt_of(config)
            if found and ours and not found.building:
                return found
            arrived = arrived or ours or self._put_again(name, config)
            time.sleep(_POLL)
        raise DeployError(
            f"Nuclio did not end the deployment of {name} within {timeout:g} s"
            if arrived
            else f"{self._where} no longer answers"
        )

    def delete(self, name: str, *, force: bool = False) -> None:
        """Remove the function; Nuclio succeeds if it does not exist."""
        ignore = {nuclio_headers.FORCE_DELETE: "true"} if force else {}
        metadata = {"name": name, "namespace": DEFAULT_NAMESPACE}
        self._ask("DELETE", "/api/functions", {"metadata": metadata}, ignore)

    def is_deploying(self, name: str) -> bool | None:
        """Return None: the dashboard works in the background, and does not report it."""
        return None

    def _get(self, name: str) -> Function | None:
        reply = self._send("GET", f"/api/functions/{name}")
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        return self._decoded(_accepted(reply, f"GET {name}"), Function)

    def _put(self, name: str, config: Config) -> bool:
        """Send the function; return whether there was an answer.

        Raises:
            DeployError: it was refused.
        """
        try:
            reply = self._send("PUT", f"/api/functions/{name}", config)
        except NO_ANSWER:
            return False
        _accepted(reply, f"to deploy {name}")
        return True

    def _put_again(self, name: str, config: Config) -> bool:
        """Send again what seems not to have arrived; see `_put`.

        If Nuclio refuses because the function exists, only the answer was lost.
        """
        try:
            return self._put(name, config)
        except ToolError as refusal:
            try:
                found = self._get(name)
            except NO_ANSWER:
                raise refusal from None
            if found is None or attempt_of(found) != attempt_of(config):
                raise
            return True

    def _ask(
        self,
        method: str,
        path: str,
        content: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request that must succeed."""
        try:
            reply = self._send(method, path, content, headers)
        except NO_ANSWER as error:
            raise DeployError(
                f"no Nuclio dashboard answers on {self._where} ({error}); start it, name it with "
                "--dashboard, or use nuctl with --via nuctl"
            ) from None
        return _accepted(reply, f"{method} {path}")

    def _send(
        self,
        method: str,
        path: str,
        content: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        body = None if content is None else msgspec.json.encode(content)
        headers = {"content-type": "application/json", **_NAMESPACE_HEADERS, **(headers or {})}
        return exchange(self._address, method, path, body, headers, timeout=_TIMEOUT)

    def _decoded(self, reply: Reply, kind: type[_T]) -> _T:
        try:
            return msgspec.json.decode(reply.body, type=kind)
        except msgspec.DecodeError as error:
            raise DeployError(f"{self._where} did not return a function: {error}") from None


def _accepted(reply: Reply, what: str) -> Reply:
    if reply.status >= HTTPStatus.BAD_REQUEST:
        raise DeployError(f"Nuclio refused {what}: {reply.error}")
    return reply
