"""Whole numbers. Python counts `True` as one, and Nuclio reads a limit of `True` as no number."""

from __future__ import annotations

from typing import Optional

from pants.engine.addresses import Address
from pants.engine.target import IntField

from modelyard_pants.common.errors import InvalidModelFunction


class CountField(IntField):
    @classmethod
    def compute_value(cls, raw_value: Optional[int], address: Address) -> Optional[int]:
        if isinstance(raw_value, bool):
            raise InvalidModelFunction(
                address, cls.alias, raw_value, "a whole number is accepted, without quotes"
            )
        return super().compute_value(raw_value, address)
