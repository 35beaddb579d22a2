"""Calling a function as CVAT would."""

import time
from http import HTTPStatus
from typing import Final

from modelyard.serving.protocol.sample import sample_request
from modelyard_contract.function_types import FUNCTION_TYPES
from modelyard_contract.limits import CVAT_TIMEOUT
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.http.exchange import NO_ANSWER, Reply, exchange

# A port that was just published may refuse connections for a moment.
_PATIENCE: Final = 5.0
_POLL: Final = 0.1
# Finding nothing in the sample picture is a valid answer.
_GOOD: Final = (HTTPStatus.OK, HTTPStatus.UNPROCESSABLE_ENTITY)


def ask(host: str, port: int, body: bytes) -> Reply:
    """Send `body` (JSON) to a function.

    Raises:
        OSError, HTTPException: there is no answer (`NO_ANSWER`).
    """
    headers = {"content-type": "application/json"}
    return exchange((host, port), "POST", "/", body, headers, timeout=CVAT_TIMEOUT)


def require_answer(host: str, port: int, kind: str) -> None:
    """Send a sample request to a function of type `kind`; other types need none.

    Raises:
        DeployError: there is no answer, or an error.
    """
    if kind not in FUNCTION_TYPES:
        return
    reply = _patiently(host, port, sample_request(kind))
    if reply.status not in _GOOD:
        raise DeployError(f"it answered a sample request with {reply.status}: {reply.error}")


def _patiently(host: str, port: int, body: bytes) -> Reply:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return ask(host, port, body)
        except NO_ANSWER as error:
            if time.monotonic() > deadline:
                raise DeployError(f"it does not answer on port {port}: {error}") from None
        time.sleep(_POLL)
