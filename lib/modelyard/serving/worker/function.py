"""A Nuclio function inside its worker: imported by name, called with events.

Follows the rules of Nuclio's Python runtime on which `init_context` belongs to a
handler and what a handler may return, with one deliberate exception: an error in
a handler is answered with one line, and its traceback goes only to the log.
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
    """The name does not refer to a handler."""


class Function:
    """A handler and its context, ready to be called."""

    def __init__(self, handler: Callable[..., Any], context: Any) -> None:
        """Keep both; `load` is the usual way to create a function."""
        self._handler = handler
        self._context = context
        self._runner: asyncio.Runner | None = None

    @classmethod
    def load(cls, name: str, worker_id: str = "0") -> Self:
        """Import the handler `module:function` and run its `init_context`.

        `init_context` is looked up in the module that defines the handler.

        Raises:
            HandlerError: `name` does not refer to a callable.
            Exception: whatever importing the module or `init_context` raises.
        """
        handler = _find(name)
        function = cls(handler, _context(worker_id))
        initialise = getattr(sys.modules.get(handler.__module__), "init_context", None)
        if initialise is not None:
            function._finish(initialise(function._context))
        return function

    def handle(self, event: Event) -> Reply:
        """Call the handler; an error in it becomes a one-line 500."""
        started = time.perf_counter()
        try:
            reply = to_reply(self._finish(self._handler(self._context, HttpEvent(event))))
        except (Exception, SystemExit) as error:
            reply = to_reply(internal_error(self._context, event.id, error))
        return msgspec.structs.replace(reply, seconds=time.perf_counter() - started)

    def close(self) -> None:
        """Run the function's termination callback, if it has one."""
        self._context.platform._on_signal("termination")
        if self._runner is not None:
            self._runner.close()

    def _finish(self, outcome: Any) -> Any:
        """Return the result of a plain function, or await that of an async one."""
        return self._run(outcome) if inspect.iscoroutine(outcome) else outcome

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        # Few functions are async, and starting is faster without asyncio.
        import asyncio  # noqa: PLC0415

        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.run(coroutine)


def to_reply(output: Any) -> Reply:
    """Convert a handler's result to a reply, like Nuclio.

    A str is text, a dict or list JSON, bytes are sent unchanged, a tuple is
    (status, str or JSON), anything else is converted to text.

    Raises:
        ValueError: the status is not a final HTTP status.
        TypeError: the content type is not text.
    """
    status, body, content_type, headers = 200, output, "text/plain", {}
    if isinstance(output, nuclio_sdk.Response):
        status, body, headers = output.status_code, output.body, output.headers
        content_type = _JSON if isinstance(body, dict) else output.content_type
        # Nuclio converts a list inside a Response with str().
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
        raise HandlerError(f"{match['module']} does not have a function {match['name']!r}")
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
