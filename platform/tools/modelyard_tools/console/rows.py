"""What the console shows of a function, whichever server runs it."""

import json
from typing import Any

import msgspec


class FunctionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One function in the list. Times in milliseconds, None before the first request.

    `labels` is the function's label list as CVAT reads it; `annotations` are
    Nuclio's, which describe how an interactor is used.
    """

    name: str
    display_name: str
    description: str
    type: str
    state: str
    message: str
    port: int | None
    variant: str
    labels: list[Any]
    annotations: dict[str, str]
    workers: int
    ready: int
    busy: int
    waiting: int
    memory_bytes: int
    requests: int
    errors: int
    p50_ms: float | None
    p95_ms: float | None
    restarts: int
    licence: str
    origin: str
    digest: str | None


def label_list(metadata: dict[str, Any]) -> list[Any]:
    """Return the label list of the annotation `spec`; empty if it is not a list."""
    try:
        labels = json.loads((metadata.get("annotations") or {}).get("spec") or "[]")
    except ValueError:
        return []
    return labels if isinstance(labels, list) else []
