"""Kubernetes quantities of memory and cores, as Nuclio's docker platform turns them into flags.

Pure Python: no Pants imports.
"""

from __future__ import annotations

import re
from fractions import Fraction

_NUMBER = re.compile(r"(?P<digits>\d+(\.\d+)?)(?P<unit>[a-zA-Z]*)")
_BYTES = {
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
    """Not a quantity of its kind; the message says what is."""


def memory_bytes(text: str) -> int:
    """`512Mi` in bytes. A number without a unit is refused: nobody means bytes."""
    number = _NUMBER.fullmatch(text)
    if number is None or number["unit"] not in _BYTES:
        raise QuantityError(f"a number with one of the units {', '.join(_BYTES)} is accepted")
    return int(Fraction(number["digits"]) * _BYTES[number["unit"]])


def cores(text: str) -> Fraction:
    """`2`, `0.5` or `500m` in cores."""
    number = _NUMBER.fullmatch(text)
    if number is None or number["unit"] not in _CORES:
        raise QuantityError("cores such as `2` or `0.5`, or thousandths such as `500m`")
    return Fraction(number["digits"]) * _CORES[number["unit"]]
