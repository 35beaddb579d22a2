"""Durations in the notation of Go and Nuclio: `30s`, `1m30s`, `1.5h`, `250ms`."""

from __future__ import annotations

import re

# Go accepts both characters for micro: U+00B5 and U+03BC.
_SECONDS = {
    "ns": 1e-9,
    "us": 1e-6,
    "\u00b5s": 1e-6,
    "\u03bcs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}
_PART = re.compile(rf"(?P<number>[0-9]+\.?[0-9]*|\.[0-9]+)(?P<unit>{'|'.join(_SECONDS)})")


def duration_seconds(text: str) -> float:
    """Convert a duration to seconds.

    Raises:
        ValueError: it is not a duration; negative ones are refused too.
    """
    if text == "0":
        return 0.0
    parts = list(_PART.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        raise ValueError(f"{text!r} is not a duration; write it like 30s, 1m30s or 250ms")
    return sum(float(part["number"]) * _SECONDS[part["unit"]] for part in parts)
