"""How requests reach a function, and how long one may take."""

from __future__ import annotations

from typing import Any, ClassVar, Optional

from pants.engine.addresses import Address
from pants.engine.target import Field, ValidNumbers
from pants.util.strutil import help_text

from modelyard_contract import limits, ports
from modelyard_pants.common.errors import InvalidModelFunction
from modelyard_pants.function.counts import CountField


class PortField(CountField):
    alias = "port"
    valid_numbers = ValidNumbers.positive_only
    help = help_text(
        f"""
        The function's fixed port on the host. Defaults to one between {ports.FIRST_DERIVED} and
        {ports.LAST_DERIVED} derived from the function's name; it must be unique in the repository.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[int], address: Address) -> int | None:
        value = super().compute_value(raw_value, address)
        try:
            if value is not None:
                ports.check_port(value)
        except ports.PortRuleError as error:
            raise InvalidModelFunction(address, cls.alias, value, str(error)) from None
        return value


class WorkersField(CountField):
    value: int
    alias = "workers"
    default = limits.DEFAULT_WORKERS
    valid_numbers = ValidNumbers.positive_only
    help = help_text(
        """
        The number of processes that serve requests. Each handles one at a time and holds its own
        copy of the model.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[int], address: Address) -> int:
        value = super().compute_value(raw_value, address) or cls.default
        if value > limits.MOST_WORKERS:
            raise InvalidModelFunction(
                address, cls.alias, value, f"1 to {limits.MOST_WORKERS} processes are accepted"
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
    default = limits.EVENT_TIMEOUT
    least = limits.LEAST_EVENT_TIMEOUT
    help = help_text(
        """
        Seconds after which a request is aborted and its worker restarted; at most as long as CVAT
        waits, see `[modelyard].cvat_timeout`.
        """
    )


class AvailabilityTimeoutField(SecondsField):
    value: float
    alias = "availability_timeout"
    default = limits.AVAILABILITY_TIMEOUT
    least = 0.0
    help = help_text(
        """
        Seconds that a request waits for a free worker before it is answered with 503; may be 0.
        """
    )


class IdleTimeoutField(SecondsField):
    alias = "idle_timeout"
    default = None
    least = 0.0
    on_gpus = 900.0
    help = help_text(
        f"""
        Seconds without a request after which the embedded platform stops the function's workers.
        The next request waits for them to start again. 0 means never, which is the default;
        functions that need a GPU default to {on_gpus:g}.
        """
    )

    def effective(self, gpus: int) -> float | None:
        """The effective value for a function that needs this many GPUs; None for never."""
        if self.value is None:
            return self.on_gpus if gpus else None
        return self.value or None


class MaxBodyField(CountField):
    value: int
    alias = "max_body"
    default = limits.DEFAULT_BODY
    valid_numbers = ValidNumbers.positive_only
    help = help_text(
        f"""
        The largest request body in bytes, {limits.DEFAULT_BODY // limits.MIB} MiB by default and at
        least {limits.LEAST_BODY // limits.MIB} MiB. Base64 makes an image a third larger, and a
        re-identification carries two.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[int], address: Address) -> int:
        value = super().compute_value(raw_value, address) or cls.default
        if not limits.LEAST_BODY <= value <= limits.MOST_BODY:
            raise InvalidModelFunction(
                address,
                cls.alias,
                value,
                f"bytes from {limits.LEAST_BODY} (4 MiB, too little for a photograph in base64) to "
                f"{limits.MOST_BODY} (1 GiB) are accepted",
            )
        return value


FIELDS: tuple[type[Field], ...] = (
    PortField,
    WorkersField,
    EventTimeoutField,
    AvailabilityTimeoutField,
    IdleTimeoutField,
    MaxBodyField,
)
