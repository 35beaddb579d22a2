"""Amounts of memory and cores in the notation of Kubernetes and Nuclio."""

from __future__ import annotations

import math
import re
from fractions import Fraction

# Long numbers are refused before any computation.
_NUMBER = re.compile(r"(?P<digits>[0-9]{1,18}(\.[0-9]{1,9})?)(?P<unit>[a-zA-Z]{0,2})")
_BYTES = {
    "": 1,
    "k": 1000,
    "M": 1000**2,
    "G": 1000**3,
    "T": 1000**4,
    "Ki": 1024,
    "Mi": 1024**2,
    "Gi": 1024**3,
    "Ti": 1024**4,
}
_CORES = {"": Fraction(1), "m": Fraction(1, 1000)}


class QuantityError(ValueError):
    """Not a valid quantity; the message says what is accepted."""


def memory_bytes(text: str) -> int:
    """Convert an amount such as `512Mi` to bytes, rounded up.

    Raises:
        QuantityError: it is not an amount of memory above 0.
    """
    found = _NUMBER.fullmatch(text)
    if found is None or found["unit"] not in _BYTES or not Fraction(found["digits"]):
        raise QuantityError(f"{text!r} is not an amount of memory; write it like 512Mi or 2Gi")
    return math.ceil(Fraction(found["digits"]) * _BYTES[found["unit"]])


def cores(text: str) -> Fraction:
    """Convert `2`, `0.5` or `500m` to a number of cores.

    Raises:
        QuantityError: it is not a number of cores above 0.
    """
    found = _NUMBER.fullmatch(text)
    if found is None or found["unit"] not in _CORES or not Fraction(found["digits"]):
        raise QuantityError(f"{text!r} is not a number of cores; write it like 2, 0.5 or 500m")
    return Fraction(found["digits"]) * _CORES[found["unit"]]
