"""Amounts of memory and cores as Kubernetes, and so Nuclio, writes them."""

from __future__ import annotations

import math
import re
from fractions import Fraction

# Long numbers are refused before anything computes with them.
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
    """Not a quantity of its kind; the message says what is accepted."""


def memory_bytes(text: str) -> int:
    """Return the bytes that `512Mi` stands for, rounded up.

    Raises:
        QuantityError: it is not an amount of memory above 0.
    """
    found = _NUMBER.fullmatch(text)
    if found is None or found["unit"] not in _BYTES or not Fraction(found["digits"]):
        raise QuantityError(f"{text!r} is not an amount of memory; write it like 512Mi or 2Gi")
    return math.ceil(Fraction(found["digits"]) * _BYTES[found["unit"]])


def cores(text: str) -> Fraction:
    """Return the cores that `2`, `0.5` or `500m` stand for.

    Raises:
        QuantityError: it is not a number of cores above 0.
    """
    found = _NUMBER.fullmatch(text)
    if found is None or found["unit"] not in _CORES or not Fraction(found["digits"]):
        raise QuantityError(f"{text!r} is not a number of cores; write it like 2, 0.5 or 500m")
    return Fraction(found["digits"]) * _CORES[found["unit"]]
