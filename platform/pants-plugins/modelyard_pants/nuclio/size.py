"""Whether a function's configuration fits the limit of Nuclio's docker platform."""

from __future__ import annotations

import json
from typing import Any, Mapping

# The configuration travels in shell arguments, which Linux caps at 131071 bytes each: once in
# base64 together with the function's status and log, once with all of its text in JSON strings.
MAX_BYTES = 80_000


class SpecTooLarge(ValueError):
    """The configuration would not fit Nuclio's docker command line."""


def nuclio_bytes(config: Mapping[str, Any]) -> int:
    """The bytes of `config` as Nuclio, written in Go, puts it into JSON."""
    text = json.dumps(config, ensure_ascii=False, separators=(",", ":"))
    # Go's encoder writes these three as \u003c and the like.
    return len(text.encode()) + 5 * sum(text.count(character) for character in "<>&")


def require_fit(config: Mapping[str, Any]) -> None:
    """Raise `SpecTooLarge` if `config` exceeds Nuclio's command-line limit."""
    size = nuclio_bytes(config)
    if size > MAX_BYTES:
        raise SpecTooLarge(
            f"{size} bytes as a Nuclio configuration, but its docker command line takes about "
            f"{MAX_BYTES}: shorten the label set or its attribute values"
        )
