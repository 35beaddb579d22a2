"""The resources a function may use, and its environment."""

from __future__ import annotations

from fractions import Fraction
from typing import Mapping, Optional

from pants.engine.addresses import Address
from pants.engine.target import DictStringToStringField, Field, StringField, ValidNumbers
from pants.util.frozendict import FrozenDict
from pants.util.strutil import help_text

from modelyard_contract import variables
from modelyard_contract.quantities import QuantityError, cores, memory_bytes
from modelyard_contract.variables import VariableError, check_variables
from modelyard_pants.common.errors import InvalidModelFunction
from modelyard_pants.function.counts import CountField


class _AmountField(StringField):
    """An amount of memory as a Kubernetes quantity."""

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> str | None:
        value = super().compute_value(raw_value, address)
        try:
            if value is not None:
                _check_memory(value)
        except QuantityError as error:
            raise InvalidModelFunction(address, cls.alias, value, str(error)) from None
        return value


def _check_memory(text: str) -> None:
    memory_bytes(text)
    # Kubernetes would read a number of bytes, which nobody means in a BUILD file.
    if text[-1].isdigit():
        raise QuantityError("the unit is missing; write, for example, 512Mi or 2Gi")


class MemoryField(_AmountField):
    alias = "memory"
    help = "Memory limit of the function as a Kubernetes quantity, such as `2Gi` or `512Mi`."


class GpuMemoryField(_AmountField):
    alias = "gpu_memory"
    help = help_text(
        """
        Memory that a worker needs on each of its GPUs, such as `4Gi`. The embedded platform uses a
        GPU with that much free memory, or waits for one; it assumes `2Gi` by default. On any
        platform the worker uses at most that much for its networks and their results, so that
        functions can share a GPU; by default there is no limit.
        """
    )

    @property
    def bytes(self) -> int | None:
        return memory_bytes(self.value) if self.value else None


class CpusField(StringField):
    alias = "cpus"
    help = "CPU limit of the function as a Kubernetes quantity, such as `2` or `500m`."

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> str | None:
        value = super().compute_value(raw_value, address)
        try:
            if value is not None and not Fraction(1, 10) <= cores(value) <= 512:
                raise QuantityError("from `100m`, a tenth of a core, to `512` is accepted")
        except QuantityError as error:
            raise InvalidModelFunction(address, cls.alias, value, str(error)) from None
        return value


class GpusField(CountField):
    value: int
    alias = "gpus"
    default = 0
    valid_numbers = ValidNumbers.positive_and_zero
    help = help_text(
        """
        The number of GPUs the function needs. Nuclio on Docker gives all of them to a function that
        requests any; set `CUDA_VISIBLE_DEVICES` in `env` to restrict it to one.
        """
    )


class EnvField(DictStringToStringField):
    alias = "env"
    help = help_text(
        f"""
        Environment variables of the function. Other fields determine those of the runtime itself,
        of which only these may be set: `{variables.IMAGE_CACHE}`, bytes of decoded images to keep;
        `{variables.MAX_PIXELS}`, how many pixels an image may have, by default 100 million;
        `{variables.THREADS}`, how many threads a worker uses.
        """
    )

    @classmethod
    def compute_value(
        cls, raw_value: Optional[Mapping[str, str]], address: Address
    ) -> FrozenDict[str, str]:
        given = dict(raw_value) if isinstance(raw_value, Mapping) else raw_value
        value = super().compute_value(given, address)
        try:
            check_variables(value or {})
        except VariableError as error:
            raise InvalidModelFunction(address, cls.alias, error.what, error.accepted) from None
        return value or FrozenDict()


FIELDS: tuple[type[Field], ...] = (
    EnvField,
    MemoryField,
    CpusField,
    GpusField,
    GpuMemoryField,
)
