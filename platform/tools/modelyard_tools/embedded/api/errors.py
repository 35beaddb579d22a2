"""Errors of the API: a status and one line, never a traceback."""

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from modelyard_tools.embedded.functions import ConflictError, PreconditionError
from modelyard_tools.releases.config import ConfigError

_log = logging.getLogger(__name__)


class ApiError(Exception):
    """A request refused with `status`; the text is for the client."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def error_response(status: int, message: str) -> Response:
    """Return the error in Nuclio's format. Instead of a stack trace, the line is repeated."""
    body = msgspec.json.encode({"error": message, "errorStackTrace": message})
    return Response(body, status, media_type="application/json")


async def _api_error(_: Request, error: Exception) -> Response:
    return error_response(getattr(error, "status", HTTPStatus.BAD_REQUEST), str(error))


async def _bad_request(_: Request, error: Exception) -> Response:
    return error_response(HTTPStatus.BAD_REQUEST, str(error))


async def _conflict(_: Request, error: Exception) -> Response:
    return error_response(HTTPStatus.CONFLICT, str(error))


async def _precondition(_: Request, error: Exception) -> Response:
    return error_response(HTTPStatus.PRECONDITION_FAILED, str(error))


async def _http_error(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", HTTPStatus.INTERNAL_SERVER_ERROR)
    return error_response(
        status, f"{HTTPStatus(status).phrase}: {request.method} {request.url.path}"
    )


async def _internal(request: Request, _: Exception) -> Response:
    # Starlette re-raises it for the server's log; this is only the response.
    return error_response(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        f"the platform failed on {request.method} {request.url.path}; see its log",
    )


HANDLERS: Mapping[Any, Callable[[Request, Exception], Any]] = {
    ApiError: _api_error,
    ConfigError: _bad_request,
    ConflictError: _conflict,
    PreconditionError: _precondition,
    HTTPException: _http_error,
    Exception: _internal,
}
