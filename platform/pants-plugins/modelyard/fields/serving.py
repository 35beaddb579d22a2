"""How requests reach a function, and for how long one may take."""

from __future__ import annotations

from typing import Any, ClassVar, Optional

from pants.engine.addresses import Address
from pants.engine.target import Field, IntField, ValidNumbers
from pants.util.strutil import help_text

from modelyard.fields.errors import InvalidModelFunction

_RESERVED_PORTS = {8070: "the dashboard", 8080: "CVAT"}
_MOST_WORKERS = 64  # What the embedded platform takes.
_MIB = 1024 * 1024


class PortField(IntField):
    alias = "port"
    valid_numbers = ValidNumbers.positive_only
    help = help_text(
        """
        The function's fixed port on the host. Defaults to one between 20000 and 29999 derived from
        the function's name; it must be unique in the repository.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[int], address: Address) -> int | None:
        value = super().compute_value(raw_value, address)
        if value is not None and not 1024 <= value <= 65535:
            raise InvalidModelFunction(
                address, cls.alias, value, "a port from 1024 to 65535 is accepted"
            )
        if value in _RESERVED_PORTS:
            raise InvalidModelFunction(
                address, cls.alias, value, f"{_RESERVED_PORTS[value]} listens there; take another"
            )
        return value


class WorkersField(IntField):
    value: int
    alias = "workers"
    default = 1
    valid_numbers = ValidNumbers.positive_only
    help = help_text(
        """
        Processes that serve requests, one each at a time. Each holds its own copy of the model.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[int], address: Address) -> int:
        value = super().compute_value(raw_value, address) or cls.default
        if value > _MOST_WORKERS:
            raise InvalidModelFunction(
                address, cls.alias, value, f"1 to {_MOST_WORKERS} processes are accepted"
            )
        return value


class SecondsField(Field):
    value: float | None
    least: ClassVar[float]

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> float | None:
        value = super().compute_value(raw_value, address)
        if value is None:
            return None
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not cls.least <= value <= 86400:
            raise InvalidModelFunction(
                address, cls.alias, value, f"seconds from {cls.least:g} to 86400 are accepted"
            )
        return float(value)


class EventTimeoutField(SecondsField):
    alias = "event_timeout"
    default = 60.0
    least = 1.0  # Nuclio looks once a second.
    help = help_text(
        """
        Seconds after which a request is given up and its worker restarted, at most as long as
        CVAT itself waits, see `[modelyard].cvat_timeout`.
        """
    )


class AvailabilityTimeoutField(SecondsField):
    value: float
    alias = "availability_timeout"
    default = 10.0
    least = 0.0
    help = help_text(
        """
        Seconds a request waits for a free worker before it is answered 503; 0 for not at all.
        """
    )


class IdleTimeoutField(SecondsField):
    alias = "idle_timeout"
    default = None
    least = 0.0
    on_gpus = 900.0
    help = help_text(
        f"""
        Seconds without a request after which the embedded platform ends the function's workers,
        until the next request, which waits for them to start; 0 for never. By default a function
        keeps its workers, unless it needs a GPU: then they end after {on_gpus:g}.
        """
    )

    def in_force(self, gpus: int) -> float | None:
        """The seconds for a function that needs so many GPUs; None for never."""
        if self.value is None:
            return self.on_gpus if gpus else None
        return self.value or None


class MaxBodyField(IntField):
    value: int
    alias = "max_body"
    default = 32 * 1024 * 1024
    valid_numbers = ValidNumbers.positive_only
    help = help_text(
        """
        The largest request body in bytes, 32 MiB by default and at least 4 MiB. Base64 makes an
        image a third larger, and a re-identification carries two.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[int], address: Address) -> int:
        value = super().compute_value(raw_value, address) or cls.default
        # Nuclio's wrapper takes no more than 1 GiB.
        if not 4 * _MIB <= value <= 1024 * _MIB:
            raise InvalidModelFunction(
                address,
                cls.alias,
                value,
                f"bytes from {4 * _MIB} (4 MiB, too little for a photograph in base64) to "
                f"{1024 * _MIB} (1 GiB) are accepted",
            )
        return value
