"""Functions that answer over HTTP: the very ones that CVAT calls, whatever they run on.

A function is named as a platform with Nuclio's dashboard API knows it, and is then called through
that platform; or by the address that it answers at.
"""

import base64
import os
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, Self

import httpx
import msgspec

from modelyard.annotation import LabelError, LabelSet
from modelyard_contract import headers as nuclio_headers
from modelyard_contract import variables
from modelyard_contract.function_types import DETECTOR
from modelyard_contract.limits import CVAT_TIMEOUT
from modelyard_contract.nuclio import CVAT_PROJECT, DEFAULT_NAMESPACE
from modelyard_contract.ports import DASHBOARD
from modelyard_tools.experiments.errors import ExperimentError, UsageError

_SHOWN: Final = 300
_AS_CVAT: Final = {
    nuclio_headers.PROJECT_NAME: CVAT_PROJECT,
    nuclio_headers.FUNCTION_NAMESPACE: DEFAULT_NAMESPACE,
}


class _Metadata(msgspec.Struct):
    annotations: dict[str, str] = {}


class _Known(msgspec.Struct):
    """What a platform says of a function; more than this is not read."""

    metadata: _Metadata


class Function:
    """A function and the way to it.

    Attributes:
        name: As it was asked for.
        type: detector, interactor, tracker or reid.
        labels: What it declares; None if that cannot be known, as of a bare address.
        annotations: Nuclio's annotations, which say how an interactor wants to be asked.
    """

    def __init__(
        self, name: str, annotations: Mapping[str, str], client: httpx.Client, path: str
    ) -> None:
        """Send requests to `path` of the client.

        Raises:
            ExperimentError: the annotations hold no label set that could be read.
        """
        self.name = name
        self.annotations = annotations
        self.type = annotations.get("type", DETECTOR)
        try:
            self.labels = LabelSet.from_json(annotations["spec"]) if "spec" in annotations else None
        except LabelError as error:
            raise ExperimentError(f"{name} declares labels that cannot be read: {error}") from None
        self._client = client
        self._path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, image: bytes, **fields: Any) -> Any:
        """Send the file `image` and further fields, as CVAT does; return the decoded answer.

        Raises:
            ExperimentError: nothing answers, or what answers is an error or no JSON.
        """
        return self.answer(self.post(image, **fields))

    def post(self, image: bytes, **fields: Any) -> httpx.Response:
        """Send the same and return the response, whatever its status."""
        body = {"image": base64.b64encode(image).decode(), **fields}
        return _send(self._client, "POST", self._path, json=body)

    def answer(self, response: httpx.Response) -> Any:
        """Return the decoded body of a response.

        Raises:
            ExperimentError: it is an error or no JSON.
        """
        if not response.is_success:
            text = " ".join(response.text.split())[:_SHOWN]
            raise ExperimentError(f"{self.name} answered {response.status_code}: {text}")
        return _decoded(response, self.name)


def default_platform() -> str:
    """Return the address of the embedded platform on this machine."""
    return f"http://127.0.0.1:{os.environ.get(variables.PORT) or DASHBOARD}"


def find_function(reference: str, platform: str, type: str = DETECTOR) -> Function:
    """Return the function of that name on the platform, or the one at an `http://` address.

    `type` is what a function at a bare address is taken for.

    Raises:
        UsageError: what should be an address is none.
        ExperimentError: there is no such function, or the platform does not answer.
    """
    if reference.startswith(("http://", "https://")):
        return Function(reference, {"type": type}, _client(reference, CVAT_TIMEOUT), "")
    # The platform gives up first, and says so.
    client = _client(platform, CVAT_TIMEOUT + 5)
    known = _functions(client, platform)
    if reference not in known:
        client.close()
        names = ", ".join(sorted(known)) or "none"
        raise ExperimentError(f"{platform} has no function {reference!r}; it has: {names}")
    annotations = known[reference].metadata.annotations
    client.headers.update(
        {
            nuclio_headers.FUNCTION_NAME: reference,
            nuclio_headers.PATH: "/",
            nuclio_headers.INVOKE_TIMEOUT: f"{CVAT_TIMEOUT:g}s",
        }
    )
    return Function(reference, annotations, client, "/api/function_invocations")


def _client(address: str, seconds: float) -> httpx.Client:
    # A proxy between two programs of one machine or network would only be in the way.
    try:
        return httpx.Client(base_url=address, timeout=seconds, headers=_AS_CVAT, trust_env=False)
    except httpx.InvalidURL as error:
        raise UsageError(f"{address} is no address: {error}") from None


def _functions(client: httpx.Client, platform: str) -> dict[str, _Known]:
    try:
        response = _send(client, "GET", "/api/functions")
    except ExperimentError as error:
        raise ExperimentError(
            f"{error}; `./pants run ::deploy` starts a platform, --platform names another"
        ) from None
    if response.status_code != HTTPStatus.OK:
        raise ExperimentError(f"{platform} answered {response.status_code} to /api/functions")
    try:
        return msgspec.convert(_decoded(response, platform), dict[str, _Known])
    except msgspec.ValidationError as error:
        raise ExperimentError(f"{platform} is no Nuclio dashboard: {error}") from None


def _send(client: httpx.Client, method: str, path: str, **request: Any) -> httpx.Response:
    try:
        return client.request(method, path, **request)
    except httpx.HTTPError as error:
        why = str(error) or type(error).__name__
        raise ExperimentError(f"nothing answers at {client.base_url}: {why}") from None


def _decoded(response: httpx.Response, name: str) -> Any:
    try:
        return response.json()
    except ValueError:
        raise ExperimentError(f"{name} answered something that is no JSON") from None
