"""Functions over HTTP: the same ones that CVAT calls, whatever they run on.

A function is given either by its name on a platform with Nuclio's dashboard API, and is then called
through that platform, or by its own address.
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
    """The part of a platform's description of a function that is read."""

    metadata: _Metadata


class Function:
    """A function and its connection.

    Attributes:
        name: As the user gave it.
        type: detector, interactor, tracker or reid.
        labels: The labels it declares; None if unknown, as for a bare address.
        annotations: Nuclio's annotations, which describe the clicks that an interactor needs.
    """

    def __init__(
        self, name: str, annotations: Mapping[str, str], client: httpx.Client, path: str
    ) -> None:
        """Send requests to `path` of the client.

        Raises:
            ExperimentError: the label set in the annotations cannot be read.
        """
        self.name = name
        self.annotations = annotations
        self.type = annotations.get("type", DETECTOR)
        try:
            self.labels = LabelSet.from_json(annotations["spec"]) if "spec" in annotations else None
        except LabelError as error:
            raise ExperimentError(f"{name}: cannot read its declared labels: {error}") from None
        self._client = client
        self._path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, image: bytes, **fields: Any) -> Any:
        """Send the file `image` and further fields, as CVAT does; return the decoded answer.

        Raises:
            ExperimentError: there is no answer, or it is an error or not JSON.
        """
        return self.answer(self.post(image, **fields))

    def post(self, image: bytes, **fields: Any) -> httpx.Response:
        """Send the same and return the response, whatever its status."""
        body = {"image": base64.b64encode(image).decode(), **fields}
        return _send(self._client, "POST", self._path, json=body)

    def answer(self, response: httpx.Response) -> Any:
        """Return the decoded body of a response.

        Raises:
            ExperimentError: it is an error or not JSON.
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

    `type` is the assumed type of a function at a bare address.

    Raises:
        UsageError: the address is invalid.
        ExperimentError: there is no such function, or the platform does not answer.
    """
    if reference.startswith(("http://", "https://")):
        return Function(reference, {"type": type}, _client(reference, CVAT_TIMEOUT), "")
    # Longer than the platform's own time-out, so that its error arrives.
    client = _client(platform, CVAT_TIMEOUT + 5)
    known = _functions(client, platform)
    if reference not in known:
        client.close()
        names = ", ".join(sorted(known)) or "none"
        raise ExperimentError(f"{platform} does not have a function {reference!r}; it has: {names}")
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
    # Programs on one machine or network must not go through a proxy.
    try:
        return httpx.Client(base_url=address, timeout=seconds, headers=_AS_CVAT, trust_env=False)
    except httpx.InvalidURL as error:
        raise UsageError(f"{address} is not a valid address: {error}") from None


def _functions(client: httpx.Client, platform: str) -> dict[str, _Known]:
    try:
        response = _send(client, "GET", "/api/functions")
    except ExperimentError as error:
        raise ExperimentError(
            f"{error}; start a platform with `./pants run ::deploy`, or set --platform"
        ) from None
    if response.status_code != HTTPStatus.OK:
        raise ExperimentError(f"{platform} answered {response.status_code} to /api/functions")
    try:
        return msgspec.convert(_decoded(response, platform), dict[str, _Known])
    except msgspec.ValidationError as error:
        raise ExperimentError(f"{platform} is not a Nuclio dashboard: {error}") from None


def _send(client: httpx.Client, method: str, path: str, **request: Any) -> httpx.Response:
    try:
        return client.request(method, path, **request)
    except httpx.HTTPError as error:
        why = str(error) or type(error).__name__
        raise ExperimentError(f"no answer from {client.base_url}: {why}") from None


def _decoded(response: httpx.Response, name: str) -> Any:
    try:
        return response.json()
    except ValueError:
        raise ExperimentError(f"{name} sent an answer that is not JSON") from None
