"""Reads the standalone server's settings from Nuclio's `processor.yaml` or `function.yaml`.

The keys are those of Nuclio's own processor; as there, `spec.env` is applied when the container is
started. Unknown keys are ignored, as in Nuclio.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from modelyard_contract.durations import duration_seconds

_CAMEL: Final = "camel"


class ProcessorError(Exception):
    """The file is not a function's configuration; one line names it and the fault."""


class _Attributes(msgspec.Struct, rename=_CAMEL):
    max_request_body_size: int | None = None


class _Trigger(msgspec.Struct, rename=_CAMEL):
    kind: str = ""
    url: str = ""
    num_workers: int | None = None
    max_workers: int | None = None
    worker_availability_timeout_milliseconds: float | None = None
    worker_termination_timeout: str = ""
    attributes: _Attributes = msgspec.field(default_factory=_Attributes)


class _Spec(msgspec.Struct, rename=_CAMEL):
    handler: str = ""
    event_timeout: str = ""
    triggers: dict[str, _Trigger] = msgspec.field(default_factory=dict)


class _Function(msgspec.Struct):
    spec: _Spec


class Processor(msgspec.Struct, frozen=True):
    """A handler, if named, and values for `modelyard.serving.server.settings.Settings`."""

    handler: str
    settings: Mapping[str, Any]


def read_processor(path: Path) -> Processor:
    """Read a configuration.

    Raises:
        ProcessorError: it cannot be read, or Nuclio would not accept a value.
    """
    try:
        spec = msgspec.yaml.decode(path.read_bytes(), type=_Function).spec
        return Processor(spec.handler, _settings(spec))
    except OSError as error:
        raise ProcessorError(f"cannot read {path}: {error.strerror}") from None
    except (msgspec.DecodeError, ValueError) as error:
        raise ProcessorError(f"{path}: {error}") from None


def _settings(spec: _Spec) -> dict[str, Any]:
    https = [trigger for trigger in spec.triggers.values() if trigger.kind == "http"]
    if len(https) > 1:
        raise ValueError("there is more than one http trigger")
    trigger = https[0] if https else _Trigger()
    wait = trigger.worker_availability_timeout_milliseconds
    found = {
        **_address(trigger.url),
        "workers": trigger.num_workers or trigger.max_workers,
        "max_body": trigger.attributes.max_request_body_size,
        "availability_timeout": None if wait is None else wait / 1000,
        "drain": _seconds_if_any(trigger.worker_termination_timeout),
        "event_timeout": _seconds_if_any(spec.event_timeout),
    }
    return {name: value for name, value in found.items() if value is not None}


def _address(url: str) -> dict[str, Any]:
    """Return host and port of a listen address such as `:8080` or `127.0.0.1:18080`."""
    if not url:
        return {}
    host, colon, port = url.rpartition(":")
    if not colon or not port.isdigit():
        raise ValueError(f"url: {url!r} is not a listen address; write it like :8080")
    return {"port": int(port), **({"host": host.strip("[]")} if host else {})}


def _seconds_if_any(text: str) -> float | None:
    return duration_seconds(text) if text else None
