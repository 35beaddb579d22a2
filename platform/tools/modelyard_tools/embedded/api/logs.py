"""`/api/functions/<name>/replicas` and `/logs`: what a function's workers print."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from modelyard_tools.embedded.api.errors import ApiError
from modelyard_tools.embedded.api.functions import find
from modelyard_tools.embedded.api.requests import dashboard_of, json_response
from modelyard_tools.embedded.function import Function
from modelyard_tools.files.logfile import Follower, tail

_PAUSE: Final = 0.25
_MOST_LINES: Final = 10_000


async def replicas(request: Request) -> Response:
    """GET …/replicas: one, since all workers of a function write to one log."""
    function = find(request, request.path_params["name"])
    return json_response({"names": [_replica_name(function)]})


async def stream(request: Request) -> Response:
    """GET …/logs/<replica>?follow=true&tailLines=N: plain text; follows by default."""
    function = find(request, request.path_params["name"])
    replica = request.path_params["replica"]
    if replica != _replica_name(function):
        raise ApiError(
            HTTPStatus.BAD_REQUEST,
            f"{replica} replica does not belong to function {function.config.name}",
        )
    dashboard = dashboard_of(request)
    path = dashboard.home.function_log(function.config.name)
    lines = _lines(request)
    if request.query_params.get("follow", "true") == "true":
        content = _follow(path, lines, dashboard.closing)
        return StreamingResponse(content, media_type="text/plain")
    return Response(tail(path, lines), media_type="text/plain")


def _replica_name(function: Function) -> str:
    """Return the name that the function's container would have on Docker."""
    # contract: PREFIX is Kubernetes', this is Docker's
    return f"nuclio-{function.config.namespace}-{function.config.name}"


def _lines(request: Request) -> int:
    text = request.query_params.get("tailLines", str(_MOST_LINES))
    if not text.isdecimal():
        raise ApiError(HTTPStatus.BAD_REQUEST, f"tailLines is not a number: {text}")
    return min(int(text), _MOST_LINES)


async def _follow(path: Path, lines: int, closing: asyncio.Event) -> AsyncIterator[bytes]:
    follower = Follower(path)
    yield tail(path, lines)
    while not closing.is_set():
        if content := follower.read():
            yield content
        else:
            await asyncio.sleep(_PAUSE)
