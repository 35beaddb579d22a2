"""Durations as Go, and so Nuclio, writes them: `30s`, `1m30s`, `1.5h`, `250ms`."""

import re
from typing import Final

_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART: Final = re.compile(r"(?P<number>[0-9]+\.?[0-9]*|\.[0-9]+)(?P<unit>ns|us|µs|ms|s|m|h)")


def parse_duration(text: str) -> float:
    """Return the seconds that `text` stands for; negative durations are refused.

    Raises:
        ValueError: it is no duration.
    """
    if text == "0":
        return 0.0
    parts = list(_PART.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        raise ValueError(f"{text!r} is no duration; write it like 30s, 1m30s or 250ms")
    return sum(float(part["number"]) * _SECONDS[part["unit"]] for part in parts)
