"""`/api/functions`: listing, deploying and deleting functions."""

import asyncio
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from modelyard_contract import headers as nuclio_headers
from modelyard_contract.nuclio import DEFAULT_NAMESPACE, PROJECT_LABEL
from modelyard_tools.embedded.api.errors import ApiError
from modelyard_tools.embedded.api.requests import (
    dashboard_of,
    is_true,
    json_response,
    namespace_of,
    read_json,
)
from modelyard_tools.embedded.described import describe
from modelyard_tools.embedded.function import Function
from modelyard_tools.releases.config import FunctionConfig, RawConfig


class _Body(msgspec.Struct):
    metadata: dict[str, Any] = {}
    spec: dict[str, Any] = {}


class _Patch(msgspec.Struct, rename="camel"):
    desired_state: str = ""


def find(request: Request, name: str) -> Function:
    """Return the function of that name in the request's namespace.

    Raises:
        ApiError: 404 if not found.
    """
    function = dashboard_of(request).functions.get(name, namespace_of(request))
    if function is None:
        raise ApiError(HTTPStatus.NOT_FOUND, f"Function not found: {name}")
    return function


async def list_all(request: Request) -> Response:
    """GET /api/functions: an object keyed by name; headers pick a project, or one name."""
    project = request.headers.get(nuclio_headers.PROJECT_NAME) or None
    wanted = request.headers.get(nuclio_headers.FUNCTION_NAME)
    functions = dashboard_of(request).functions.all(namespace_of(request), project)
    return json_response(
        {
            name: _describe(request, function)
            for name, function in functions.items()
            if not wanted or name == wanted
        }
    )


async def get(request: Request) -> Response:
    """GET /api/functions/<name>."""
    return json_response(_describe(request, find(request, request.path_params["name"])))


async def create(request: Request) -> Response:
    """POST /api/functions: 202; 409 if it exists; 412 if it is not possible now."""
    config = await _read_config(request)
    return await _accepted(request, dashboard_of(request).functions.create(config))


async def update(request: Request) -> Response:
    """PUT /api/functions/<name>: deploy the configuration in the body, creating or replacing."""
    config = await _read_config(request)
    return await _accepted(request, dashboard_of(request).functions.put(config))


async def redeploy(request: Request) -> Response:
    """PATCH /api/functions/<name> `{"desiredState": "ready"}`: restart the same version."""
    function = find(request, request.path_params["name"])
    wanted = (await read_json(request, _Patch)).desired_state
    if wanted != "ready":
        raise ApiError(HTTPStatus.BAD_REQUEST, "Only the desired state `ready` is supported")
    return await _accepted(request, dashboard_of(request).functions.put(function.config))


async def delete(request: Request) -> Response:
    """DELETE /api/functions with `{"metadata": {"name": …}}`: 204, even if it does not exist."""
    body = await read_json(request, _Body)
    name = body.metadata.get("name")
    if not isinstance(name, str) or not name:
        raise ApiError(HTTPStatus.BAD_REQUEST, "Function name must be provided in metadata")
    functions = dashboard_of(request).functions
    if functions.get(name, body.metadata.get("namespace") or DEFAULT_NAMESPACE):
        force = is_true(request, nuclio_headers.FORCE_DELETE)
        await functions.delete(name, force=force)
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _describe(request: Request, function: Function) -> dict[str, Any]:
    described = describe(function)
    if request.query_params.get("export") == "true":
        del described["status"]
    return described


async def _read_config(request: Request) -> FunctionConfig:
    body = await read_json(request, _Body)
    if not body.metadata.get("name"):
        raise ApiError(HTTPStatus.BAD_REQUEST, "Function name must be provided in metadata")
    project = request.headers.get(nuclio_headers.PROJECT_NAME)
    if project:
        labels = body.metadata.get("labels") or {}
        body.metadata["labels"] = {**labels, PROJECT_LABEL: project}
    return FunctionConfig.parse(RawConfig(body.metadata, body.spec))


async def _accepted(request: Request, deployment: asyncio.Task[None]) -> Response:
    if is_true(request, "x-nuclio-wait-function-action"):
        await asyncio.wait([deployment])
    return Response(status_code=HTTPStatus.ACCEPTED)
