"""Amounts of memory and processor time as Kubernetes, and so Nuclio, writes them."""

import math
import re
from typing import Final

_NUMBER: Final = re.compile(r"(?P<number>\d{1,18}(\.\d{1,9})?)(?P<unit>[a-zA-Z]{0,2})")
_BYTES: Final = {
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
_CORES: Final = {"": 1.0, "m": 0.001}


def parse_bytes(text: str) -> int:
    """Return the bytes that `512Mi` stands for.

    Raises:
        ValueError: it is no amount of memory above 0.
    """
    found = _NUMBER.fullmatch(text)
    if not found or found["unit"] not in _BYTES or not float(found["number"]):
        raise ValueError(f"{text!r} is no amount of memory; write it like 512Mi or 2Gi")
    return math.ceil(float(found["number"]) * _BYTES[found["unit"]])


def parse_cores(text: str) -> float:
    """Return the cores that `2`, `0.5` or `500m` stand for.

    Raises:
        ValueError: it is no number of cores above 0.
    """
    found = _NUMBER.fullmatch(text)
    if not found or found["unit"] not in _CORES or not float(found["number"]):
        raise ValueError(f"{text!r} is no number of cores; write it like 2, 0.5 or 500m")
    return float(found["number"]) * _CORES[found["unit"]]
