"""Reading what all API requests have in common."""

import asyncio
from http import HTTPStatus
from typing import Any, Final, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from modelyard_contract import headers
from modelyard_contract.limits import MIB
from modelyard_contract.nuclio import DEFAULT_NAMESPACE
from modelyard_tools.embedded.api.errors import ApiError
from modelyard_tools.embedded.dashboard import Dashboard

_MAX_BODY: Final = 4 * MIB
_PATIENCE: Final = 60.0

T = TypeVar("T")


def dashboard_of(request: Request) -> Dashboard:
    """Return the platform that the request is for."""
    dashboard: Dashboard = request.app.state.dashboard
    return dashboard


def namespace_of(request: Request) -> str:
    """Return the namespace that the request is for."""
    return request.headers.get(headers.FUNCTION_NAMESPACE) or DEFAULT_NAMESPACE


def is_true(request: Request, header: str) -> bool:
    """Whether the header says `true`."""
    return request.headers.get(header, "").lower() == "true"


async def read_json(request: Request, kind: type[T]) -> T:
    """Return the request's JSON body.

    Raises:
        ApiError: 413 over 4 MiB, 400 if it is not JSON of that type, 408 if it does not arrive.
    """
    try:
        async with asyncio.timeout(_PATIENCE):
            body = await _read(request)
    except TimeoutError:
        reason = f"the body did not arrive within {_PATIENCE:g} s"
        raise ApiError(HTTPStatus.REQUEST_TIMEOUT, reason) from None
    except ClientDisconnect:
        # Nobody reads this, but it is not our failure either.
        raise ApiError(HTTPStatus.BAD_REQUEST, "the client disconnected") from None
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise ApiError(HTTPStatus.BAD_REQUEST, f"Failed to parse JSON body: {error}") from None


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is larger than 4 MiB")
    return bytes(body)


def json_response(content: Any, status: int = HTTPStatus.OK) -> Response:
    """Return `content` as JSON."""
    return Response(msgspec.json.encode(content), status, media_type="application/json")
