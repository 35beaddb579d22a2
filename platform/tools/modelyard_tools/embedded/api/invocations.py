"""`/api/function_invocations`: calling a function through the dashboard."""

import asyncio
import html
import re
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from modelyard_contract import headers
from modelyard_contract.durations import duration_seconds
from modelyard_tools.embedded.api.errors import ApiError
from modelyard_tools.embedded.api.functions import find

_DEFAULT_TIMEOUT: Final = "60s"
# Content types that browsers execute.
_ACTIVE: Final = re.compile("html|javascript|ecmascript|xml", re.IGNORECASE)


async def invoke(request: Request) -> Response:
    """Call the function named by `x-nuclio-function-name`, with this method and body."""
    name = request.headers.get(headers.FUNCTION_NAME)
    if not name:
        raise ApiError(HTTPStatus.BAD_REQUEST, "Function name must be provided")
    function = find(request, name)
    url = request.headers.get("x-nuclio-invoke-url", "")
    if url and url.removeprefix("http://").rstrip("/") not in function.urls:
        raise ApiError(HTTPStatus.BAD_REQUEST, _failure(f"{url} is not a URL of {name}"))
    seconds = _timeout(request)
    if function.state == "error":
        reason = _failure(f"{name} is not running; its status says why")
        raise ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, reason)
    try:
        async with asyncio.timeout(seconds):
            return _harmless(await function.answer(_addressed(request)))
    except TimeoutError:
        reason = _failure(f"no answer within {seconds:g} s")
        raise ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, reason) from None


def _timeout(request: Request) -> float:
    try:
        return duration_seconds(request.headers.get(headers.INVOKE_TIMEOUT) or _DEFAULT_TIMEOUT)
    except ValueError:
        raise ApiError(HTTPStatus.BAD_REQUEST, "Invalid invoke timeout") from None


def _addressed(request: Request) -> Request:
    """Return the request as the function would see it on its own port."""
    path, _, query = request.headers.get(headers.PATH, "").partition("?")
    path = f"/{path.lstrip('/')}"
    here = {
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
    }
    return Request({**request.scope, **here}, request.receive)


def _harmless(response: Response) -> Response:
    """Return a function's response in a form that no browser executes.

    It has the same origin as the console, which may deploy and delete.
    """
    if not _ACTIVE.search(response.headers.get("content-type", "")):
        return response
    escaped = html.escape(bytes(response.body).decode(errors="replace"))
    kept = {name: value for name, value in response.headers.items() if name != "content-length"}
    return Response(escaped, response.status_code, kept)


def _failure(reason: str) -> str:
    return f"Failed to invoke function: {reason}"
