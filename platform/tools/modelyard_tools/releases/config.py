"""A function's configuration in the form of Nuclio's API, checked and simplified."""

import re
from collections.abc import Mapping
from typing import Any, Final, Self

import msgspec

from modelyard_contract import limits
from modelyard_contract.durations import duration_seconds
from modelyard_contract.names import RESERVED_NAMES
from modelyard_contract.nuclio import (
    DEFAULT_HANDLER,
    DEFAULT_NAMESPACE,
    DEFAULT_PROJECT,
    PROJECT_LABEL,
)
from modelyard_contract.quantities import cores, memory_bytes
from modelyard_tools.releases.manifest import Name, Port

_IMAGE: Final = re.compile(r"(?:.*/)?(?P<name>[a-z0-9-]+):(?P<digest>[0-9a-f]{64})")


class ConfigError(Exception):
    """The configuration is invalid; the text is one line that names the field."""


class Limits(msgspec.Struct, frozen=True):
    """What all workers of a function may use in total: bytes of memory, cores."""

    memory: int | None = None
    cpus: float | None = None

    @property
    def any(self) -> bool:
        """Whether there is any limit."""
        return self.memory is not None or self.cpus is not None


class RawConfig(msgspec.Struct, frozen=True):
    """The configuration as it was sent: stored, and returned unchanged."""

    metadata: dict[str, Any]
    spec: dict[str, Any]


class _Metadata(msgspec.Struct, frozen=True):
    name: Name
    namespace: str = DEFAULT_NAMESPACE
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class _TriggerAttributes(msgspec.Struct, frozen=True, rename="camel"):
    port: Port | None = None
    max_request_body_size: int = limits.LEAST_BODY


class _Trigger(msgspec.Struct, frozen=True, rename="camel"):
    kind: str = ""
    num_workers: int | None = None
    max_workers: int | None = None
    worker_availability_timeout_milliseconds: int | None = None
    attributes: _TriggerAttributes = _TriggerAttributes()


class _Variable(msgspec.Struct, frozen=True):
    name: str
    value: str = ""


class _Resources(msgspec.Struct, frozen=True):
    limits: dict[str, str | int | float] = {}


class _Spec(msgspec.Struct, frozen=True, rename="camel"):
    image: str = ""
    handler: str = DEFAULT_HANDLER
    env: list[_Variable] = []
    triggers: dict[str, _Trigger] = {}
    event_timeout: str = ""
    readiness_timeout_seconds: int | None = None
    resources: _Resources = _Resources()


class FunctionConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform needs to know to serve a function. Times in seconds, sizes in bytes.

    `port` None means the release's own; `digest` None means that `image` is not ours.
    """

    raw: RawConfig
    name: str
    namespace: str
    project: str
    image: str
    digest: str | None
    handler: str
    env: dict[str, str]
    port: int | None
    workers: int
    max_body: int
    availability_timeout: float
    event_timeout: float | None
    ready_timeout: float
    limits: Limits

    @classmethod
    def parse(cls, raw: RawConfig) -> Self:
        """Check `raw` and read it.

        Raises:
            ConfigError: a field is missing, of the wrong type, or out of range.
        """
        try:
            metadata = msgspec.convert(raw.metadata, _Metadata)
            spec = msgspec.convert(raw.spec, _Spec)
            event_timeout = duration_seconds(spec.event_timeout) if spec.event_timeout else None
        except msgspec.ValidationError as error:
            raise ConfigError(f"invalid function configuration: {error}") from None
        except ValueError as error:
            raise ConfigError(f"spec.eventTimeout: {error}") from None
        if metadata.name in RESERVED_NAMES:
            raise ConfigError(f"the function name {metadata.name!r} is reserved; choose another")
        image = _IMAGE.fullmatch(spec.image)
        trigger = _http_trigger(spec)
        patience = trigger.worker_availability_timeout_milliseconds
        return cls(
            raw=raw,
            name=metadata.name,
            namespace=metadata.namespace,
            project=metadata.labels.get(PROJECT_LABEL, DEFAULT_PROJECT),
            image=spec.image,
            digest=image["digest"] if image else None,
            handler=spec.handler,
            env={variable.name: variable.value for variable in spec.env},
            port=trigger.attributes.port,
            workers=_workers(trigger),
            max_body=trigger.attributes.max_request_body_size,
            availability_timeout=limits.AVAILABILITY_TIMEOUT
            if patience is None
            else patience / 1000,
            event_timeout=event_timeout,
            ready_timeout=float(spec.readiness_timeout_seconds or limits.READY_TIMEOUT),
            limits=_limits(spec.resources.limits),
        )


def _http_trigger(spec: _Spec) -> _Trigger:
    triggers = [trigger for trigger in spec.triggers.values() if trigger.kind == "http"]
    if len(triggers) > 1:
        raise ConfigError("there's more than one http trigger (unsupported)")
    return triggers[0] if triggers else _Trigger()


def _limits(given: Mapping[str, str | int | float]) -> Limits:
    try:
        return Limits(
            memory=memory_bytes(str(given["memory"])) if "memory" in given else None,
            cpus=float(cores(str(given["cpu"]))) if "cpu" in given else None,
        )
    except ValueError as error:
        raise ConfigError(f"spec.resources.limits: {error}") from None


def _workers(trigger: _Trigger) -> int:
    workers = trigger.num_workers or trigger.max_workers or limits.DEFAULT_WORKERS
    if not 1 <= workers <= limits.MOST_WORKERS:
        raise ConfigError(f"numWorkers is {workers}; it must be 1 to {limits.MOST_WORKERS}")
    return workers
