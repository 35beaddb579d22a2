"""`/console/api/…`: what the console shows. Ours, not Nuclio's."""

from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from modelyard_contract.nuclio import VARIANT
from modelyard_tools.console.rows import FunctionRow, label_list
from modelyard_tools.embedded.api.errors import ApiError
from modelyard_tools.embedded.api.functions import find
from modelyard_tools.embedded.api.requests import dashboard_of, json_response, namespace_of
from modelyard_tools.embedded.function import Function
from modelyard_tools.embedded.machine.memory import resident_bytes
from modelyard_tools.files.logfile import read_from, size, tail

_MOST_LINES: Final = 10_000


async def list_all(request: Request) -> Response:
    """GET /console/api/functions: a list by name."""
    functions = dashboard_of(request).functions.all(namespace_of(request))
    return json_response([_row(function) for function in functions.values()])


async def get(request: Request) -> Response:
    """GET /console/api/functions/<name>: one row of the list."""
    return json_response(_row(find(request, request.path_params["name"])))


async def logs(request: Request) -> Response:
    """GET …/logs?tail=N: the last lines; `?offset=M`: what was written after that.

    Answers `{"text", "offset"}`; the offset is the one to ask for next. After a
    rotation, reading restarts at the beginning of the file.
    """
    function = find(request, request.path_params["name"])
    path = dashboard_of(request).home.function_log(function.config.name)
    if "offset" in request.query_params:
        content, end = read_from(path, _number(request, "offset", 0))
    else:
        # The end is read first, so that lines written in between are sent twice rather than never.
        end = size(path)
        content = tail(path, min(_number(request, "tail", 200), _MOST_LINES))
    return json_response({"text": content.decode(errors="replace"), "offset": end})


def _row(function: Function) -> FunctionRow:
    config = function.config
    annotations = {
        key: value
        for key, value in (config.raw.metadata.get("annotations") or {}).items()
        if key != "spec"
    }
    manifest = function.manifest
    pool = function.pool
    meter = function.meter
    return FunctionRow(
        name=config.name,
        display_name=annotations.get("name") or config.name,
        description=str(config.raw.spec.get("description") or ""),
        type=annotations.get("type", ""),
        state=function.state,
        message=function.last.message if function.last else "",
        port=function.port,
        variant=manifest.variant if manifest else annotations.get(VARIANT, ""),
        labels=label_list(config.raw.metadata),
        annotations=annotations,
        workers=config.workers,
        ready=pool.ready if pool else 0,
        busy=pool.busy if pool else 0,
        waiting=pool.waiting if pool else 0,
        memory_bytes=resident_bytes(pool.pids) if pool else 0,
        requests=meter.requests,
        errors=meter.errors,
        p50_ms=_milliseconds(meter.quantile(0.5)),
        p95_ms=_milliseconds(meter.quantile(0.95)),
        restarts=function.restarts,
        licence=manifest.licence if manifest else "",
        origin=manifest.origin if manifest else "",
        digest=config.digest,
    )


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise ApiError(HTTPStatus.BAD_REQUEST, f"{name} is not a number")
    return int(text)
