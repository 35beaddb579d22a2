"""A Nuclio function inside its worker: found by name, called with events.

The rules are those of Nuclio's Python runtime: which `init_context` belongs to
a handler, what a handler may return. One differs on purpose: an exception in a
handler is answered with one line, and its traceback goes to the log only.
"""

import importlib
import inspect
import logging
import re
import sys
import time
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec
import nuclio_sdk
import nuclio_sdk.json_encoder
import nuclio_sdk.logger

from modelyard.serving.protocol.messages import Event, Reply
from modelyard.serving.worker.event import HttpEvent
from modelyard.serving.worker.failures import internal_error

if TYPE_CHECKING:
    import asyncio

_HANDLER_NAME: Final = re.compile(r"(?P<module>[\w.-]+):(?P<name>\w+)")
_JSON: Final = "application/json"
_to_json = nuclio_sdk.json_encoder.Encoder().encode


class HandlerError(Exception):
    """The text that should name a handler does not lead to one."""


class Function:
    """A handler with its context, ready to be called."""

    def __init__(self, handler: Callable[..., Any], context: Any) -> None:
        """Keep both; `load` is the usual way to make a function."""
        self._handler = handler
        self._context = context
        self._runner: asyncio.Runner | None = None

    @classmethod
    def load(cls, name: str, worker_id: str = "0") -> Self:
        """Import the handler `module:function` and run its `init_context`.

        That is the one of the module where the handler says it was defined.

        Raises:
            HandlerError: `name` does not lead to a callable.
            Exception: whatever importing the module or `init_context` raises.
        """
        handler = _find(name)
        function = cls(handler, _context(worker_id))
        initialise = getattr(sys.modules.get(handler.__module__), "init_context", None)
        if initialise is not None:
            function._finish(initialise(function._context))
        return function

    def handle(self, event: Event) -> Reply:
        """Call the handler. What goes wrong in it becomes a 500 of one line."""
        started = time.perf_counter()
        try:
            reply = to_reply(self._finish(self._handler(self._context, HttpEvent(event))))
        except (Exception, SystemExit) as error:
            reply = to_reply(internal_error(self._context, event.id, error))
        return msgspec.structs.replace(reply, seconds=time.perf_counter() - started)

    def close(self) -> None:
        """Run the callback that the function may have registered for its end."""
        self._context.platform._on_signal("termination")
        if self._runner is not None:
            self._runner.close()

    def _finish(self, outcome: Any) -> Any:
        """Return what a plain function returned, or what an async one returns in the end."""
        return self._run(outcome) if inspect.iscoroutine(outcome) else outcome

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        # Few functions are async, and starting is faster without.
        import asyncio  # noqa: PLC0415

        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.run(coroutine)


def to_reply(output: Any) -> Reply:
    """Return the reply that Nuclio makes of what a handler returned.

    A str is text, a dict or list JSON, bytes are sent as they are, a tuple is
    (status, str or JSON), anything else is turned into text.

    Raises:
        ValueError: the status is no final HTTP status.
        TypeError: the content type is no text.
    """
    status, body, content_type, headers = 200, output, "text/plain", {}
    if isinstance(output, nuclio_sdk.Response):
        status, body, headers = output.status_code, output.body, output.headers
        content_type = _JSON if isinstance(body, dict) else output.content_type
        # Nuclio turns a list inside a Response into Python's notation for it.
        body = _to_json(body) if isinstance(body, dict) else body
    elif isinstance(output, tuple) and len(output) == 2:
        status, body = output
        if not isinstance(body, str):
            content_type, body = _JSON, _to_json(body)
    elif isinstance(output, dict | list):
        content_type, body = _JSON, _to_json(output)
    if not isinstance(content_type, str):
        raise TypeError(f"the content type must be text, not {content_type!r}")
    return Reply(
        status=_final_status(status),
        body=body if isinstance(body, bytes) else str(body).encode(),
        content_type=content_type,
        headers={
            str(name): str(value) for name, value in headers.items() if isinstance(value, str | int)
        },
    )


def _final_status(status: Any) -> int:
    number = int(status)
    if not HTTPStatus.OK <= number <= 599:
        raise ValueError(f"{status} is not the status of a reply (200..599)")
    return number


def _find(name: str) -> Callable[..., Any]:
    match = _HANDLER_NAME.fullmatch(name)
    if match is None:
        raise HandlerError(f"malformed handler {name!r}; it must look like package.module:function")
    handler = getattr(importlib.import_module(match["module"]), match["name"], None)
    if not callable(handler):
        raise HandlerError(f"{match['module']} has no function {match['name']!r}")
    return handler  # type: ignore[no-any-return]  # getattr gives Any


def _context(worker_id: str) -> Any:
    logger = nuclio_sdk.Logger(logging.INFO)
    logger.set_handler("default", sys.stderr, nuclio_sdk.logger.HumanReadableFormatter())
    return nuclio_sdk.Context(
        logger,
        nuclio_sdk.Platform("local", "nuclio"),
        worker_id,
        nuclio_sdk.TriggerInfo("http", "default-http"),
    )
