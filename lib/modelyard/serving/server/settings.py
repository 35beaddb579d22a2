"""The standalone server's settings: from the environment, else from Nuclio's configuration."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self

import msgspec

from modelyard_contract import limits, ports
from modelyard_contract.variables import setting


class SettingsError(Exception):
    """A variable's value is not accepted; one line names both."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The standalone server's settings: field `workers` is variable MODELYARD_WORKERS.

    Times are in seconds, `max_body` is in bytes. `port` takes events, `health_port`
    answers /ready and /live; 0 picks a free port. `worker_python` is the
    interpreter of the workers, by default the server's own.
    """

    host: str = "127.0.0.1"
    port: int = ports.EVENTS
    health_port: int = ports.HEALTH
    workers: int = limits.DEFAULT_WORKERS
    max_body: int = limits.DEFAULT_BODY
    availability_timeout: float = limits.AVAILABILITY_TIMEOUT
    event_timeout: float | None = None
    ready_timeout: float = limits.READY_TIMEOUT
    drain: float = 30.0
    worker_python: str = ""

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            SettingsError: a value is out of range.
        """
        for name in ("port", "health_port"):
            _demand(
                0 <= getattr(self, name) <= ports.MOST_PORT,
                name,
                f"be a port, 0 to {ports.MOST_PORT}",
            )
        _demand(self.workers >= 1, "workers", "be at least 1")
        _demand(self.max_body >= 1, "max_body", "be at least 1")
        for name in ("availability_timeout", "ready_timeout", "drain"):
            _demand(0 <= getattr(self, name) < math.inf, name, "be a time, at least 0")
        limit = self.event_timeout
        _demand(limit is None or 0 < limit < math.inf, "event_timeout", "be a time above 0")

    @classmethod
    def from_env(
        cls, env: Mapping[str, str], defaults: Mapping[str, Any] = MappingProxyType({})
    ) -> Self:
        """Read the variables that are set and not empty; the others have their `defaults`.

        Raises:
            SettingsError: a value has the wrong type or is out of range.
        """
        given: dict[str, Any] = dict(defaults)
        for field in msgspec.structs.fields(cls):
            text = env.get(setting(field.name), "")
            if not text:
                continue
            try:
                given[field.name] = msgspec.convert(text, field.type, strict=False)
            except msgspec.ValidationError as error:
                raise SettingsError(f"{setting(field.name)}={text!r}: {error}") from None
        return cls(**given)


def _demand(holds: bool, name: str, rule: str) -> None:
    if not holds:
        raise SettingsError(f"{setting(name)} must {rule}")
