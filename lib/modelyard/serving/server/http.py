"""HTTP for a function: requests to events, replies to responses.

Used by the standalone server and by the embedded platform, which apply the same
rules everywhere: a limit on the body, a limit on all bodies together, clean
headers, a request id in every response, one-line JSON errors.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final, Protocol

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from modelyard.serving.protocol.messages import Event, Reply, error_reply
from modelyard.serving.server import headers
from modelyard.serving.server.budget import ByteBudget
from modelyard.serving.server.reading import BadRequestError, expected_size, read_event
from modelyard.serving.server.refusal import Refusal
from modelyard_contract.limits import DEFAULT_BODY, MIB

DEFAULT_BUDGET: Final = 512 * MIB
HEALTH_PATH: Final = "/__internal/health"

# No client receives this status; nginx uses it in logs.
_CLIENT_GONE = 499
_WITHOUT_BODY = (204, 304)

_log = logging.getLogger(__name__)


class Callee(Protocol):
    """Something that answers events: a `WorkerPool`, or something in front of several."""

    @property
    def ready(self) -> int:
        """How many workers can answer; 0 makes the health check fail."""

    async def call(self, event: Event) -> Reply:
        """Return the reply to `event`. May be cancelled when the client has gone."""


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """A request and how it was answered, for metrics and logs.

    `seconds` is the time from the request's head to the reply, including the transfer
    of the body; `queue_seconds` was spent waiting for a worker, `model_seconds` in
    the function. If the client disconnected, the status is 499.
    """

    request_id: str
    method: str
    path: str
    status: int
    seconds: float
    queue_seconds: float = 0.0
    model_seconds: float = 0.0


Observer = Callable[[Exchange], None]


def function_app(
    callee: Callee,
    *,
    max_body: int = DEFAULT_BODY,
    budget: ByteBudget | None = None,
    observer: Observer | None = None,
) -> ASGIApp:
    """Return an ASGI application that passes every request to `callee`.

    Any method and path is an event, except GET and HEAD of paths that start with
    `/__internal/health`, which return 200 or 503. Bodies above `max_body` bytes
    get a 413; `budget` bounds all bodies in progress together, by default to
    512 MiB, and makes further clients wait. `observer` is called at the end of
    every event, but not for health checks.
    """
    budget = budget or ByteBudget(DEFAULT_BUDGET)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"a function does not support {scope['type']}")
        request = Request(scope, receive)
        if request.method in ("GET", "HEAD") and scope["path"].startswith(HEALTH_PATH):
            response = health_response(request, ready=callee.ready > 0)
        else:
            response = await answer(
                request, callee, budget=budget, max_body=max_body, observer=observer
            )
        await response(scope, receive, send)

    return app


async def answer(
    request: Request,
    callee: Callee,
    *,
    budget: ByteBudget,
    max_body: int = DEFAULT_BODY,
    path: str | None = None,
    observer: Observer | None = None,
) -> Response:
    """Answer a request with `callee`. Never raises for a fault of client or function.

    The function sees `path` instead of the request's own path. If the client
    disconnects, the call is cancelled. `observer` is called with the outcome.
    """
    request_id = headers.request_id(request.headers.get(headers.REQUEST_ID))
    started = time.perf_counter()
    refused = False
    try:
        async with budget.borrow(expected_size(request, max_body)):
            event = await read_event(request, request_id, max_body=max_body, path=path)
            reply = await _call_unless_gone(request, callee, event)
    except BadRequestError as error:
        reply, refused = error_reply(error.status, error.message), True
    except ClientDisconnect:
        reply = Reply(_CLIENT_GONE)
    except Exception:
        _log.exception("request failed", extra={"request_id": request_id})
        reply = error_reply(500, f"internal error (id {request_id})")
    if observer:
        observer(
            Exchange(
                request_id=request_id,
                method=request.method,
                path=request.scope["path"] if path is None else path,
                status=reply.status,
                seconds=time.perf_counter() - started,
                queue_seconds=reply.queue_seconds,
                model_seconds=reply.seconds,
            )
        )
    response = to_response(reply, request_id)
    return Refusal(response) if refused else response


def to_response(reply: Reply, request_id: str) -> Response:
    """Convert a reply to an HTTP response, with clean headers and the request's id."""
    return Response(
        content=b"" if reply.status in _WITHOUT_BODY else reply.body,
        status_code=reply.status,
        headers={
            **headers.for_client(reply.headers, reply.content_type),
            headers.REQUEST_ID: request_id,
        },
    )


def health_response(request: Request, *, ready: bool) -> Response:
    """Return the answer to a health check: 200 or 503."""
    request_id = headers.request_id(request.headers.get(headers.REQUEST_ID))
    if not ready:
        return to_response(error_reply(503, "no worker is ready"), request_id)
    body = b'{"status":"ready"}'
    return to_response(Reply(200, body, "application/json"), request_id)


async def _call_unless_gone(request: Request, callee: Callee, event: Event) -> Reply:
    """Call; give up when the client disconnects.

    Raises:
        ClientDisconnect: it disconnected.
    """
    call = asyncio.ensure_future(callee.call(event))
    gone = asyncio.ensure_future(_wait_until_gone(request.receive))
    try:
        await asyncio.wait((call, gone), return_when=asyncio.FIRST_COMPLETED)
        if not call.done():
            raise ClientDisconnect
        return call.result()
    finally:
        call.cancel()
        gone.cancel()


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
