"""Errors in a function: everything for the log, one line for the client."""

import importlib
import json
import os
import traceback
from collections.abc import Iterator
from typing import Any

from modelyard_contract import variables

_IMPORT_SYSTEM = ("<frozen importlib", importlib.__file__)


def describe(error: BaseException) -> str:
    """Return the traceback of `error`, without the frames of Python's import system."""
    trace = traceback.TracebackException.from_exception(error)
    for part in _chain(trace):
        frames = [frame for frame in part.stack if not frame.filename.startswith(_IMPORT_SYSTEM)]
        part.stack = traceback.StackSummary.from_list(frames)
    return "".join(trace.format()).rstrip()


def _chain(trace: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    """Yield `trace` and the errors that led to it."""
    yield trace
    for before in (trace.__cause__, trace.__context__):
        if before is not None:
            yield from _chain(before)


def internal_error(context: Any, event_id: str, error: BaseException) -> Any:
    """Log the traceback of `error`; return Nuclio's 500 response for the client.

    It only says where to look: a traceback would show paths and values. In development
    (MODELYARD_TRACEBACKS=1) the client is the author, who gets the traceback too.
    """
    traceback = describe(error)
    context.logger.error(f"event {event_id} failed\n{traceback}")
    body: dict[str, Any] = {
        "error": f"internal error (id {event_id}); the function's log has the details"
    }
    if os.environ.get(variables.TRACEBACKS) == "1":
        lines = traceback.splitlines()
        body = {"error": lines[-1], "traceback": lines}
    return context.Response(body=json.dumps(body), content_type="application/json", status_code=500)
