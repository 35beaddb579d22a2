"""The console for the one function that is being developed, at the function's own address.

Browsers and `./pants experiment` get what a platform with a single function would answer;
everything else is an event for the function, as usual.
"""

import json
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from modelyard.serving.server.http import function_app
from modelyard_tools.console import console_routes
from modelyard_tools.console.rows import FunctionRow, label_list
from modelyard_tools.deployer.development.reloading import ReloadingFunction
from modelyard_tools.releases.config import FunctionConfig
from modelyard_tools.releases.manifest import Manifest

_ROOT: Final = "/"


def workbench(
    function: ReloadingFunction, config: FunctionConfig, manifest: Manifest, port: int
) -> ASGIApp:
    """Return the application of the function and its console, which listens on `port`."""
    events = function_app(function, max_body=config.max_body)

    async def listing(request: Request) -> Response:
        state = {
            "state": "error" if function.failure else "ready",
            "message": function.failure,
            "httpPort": port,
        }
        described = {
            "metadata": _metadata(function, config),
            "spec": config.raw.spec,
            "status": state,
        }
        return JSONResponse({config.name: described})

    async def rows(request: Request) -> Response:
        return _json([_row(function, config, manifest, port)])

    async def row(request: Request) -> Response:
        return _json(_row(function, config, manifest, port))

    async def log(request: Request) -> Response:
        text = function.story
        start = request.query_params.get("offset", "")
        known = int(start) if start.isascii() and start.isdigit() else 0
        return _json({"text": text[known:], "offset": len(text)})

    page, files = console_routes()
    return Starlette(
        routes=[
            page,
            Route("/api/functions", listing, methods=["GET"]),
            Route("/console/api/functions", rows, methods=["GET"]),
            Route("/console/api/functions/{name}", row, methods=["GET"]),
            Route("/console/api/functions/{name}/logs", log, methods=["GET"]),
            files,
            Mount(_ROOT, events),
        ]
    )


def _metadata(function: ReloadingFunction, config: FunctionConfig) -> dict[str, Any]:
    """Return the function's metadata, with the labels that it has now."""
    metadata = config.raw.metadata
    if function.labels is None:
        return metadata
    annotations = {**(metadata.get("annotations") or {}), "spec": json.dumps(function.labels)}
    return {**metadata, "annotations": annotations}


def _json(content: Any) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")


def _row(
    function: ReloadingFunction, config: FunctionConfig, manifest: Manifest, port: int
) -> FunctionRow:
    metadata = _metadata(function, config)
    annotations = dict(metadata.get("annotations") or {})
    annotations.pop("spec", None)
    return FunctionRow(
        name=config.name,
        display_name=annotations.get("name") or config.name,
        description=str(config.raw.spec.get("description") or ""),
        type=annotations.get("type", ""),
        state="error" if function.failure else "ready",
        message=function.failure,
        port=port,
        variant=manifest.variant,
        labels=label_list(metadata),
        annotations=annotations,
        workers=config.workers,
        ready=function.ready,
        busy=0,
        waiting=0,
        memory_bytes=0,
        requests=0,
        errors=0,
        p50_ms=None,
        p95_ms=None,
        restarts=0,
        licence=manifest.licence,
        origin=manifest.origin,
        digest=None,
    )
