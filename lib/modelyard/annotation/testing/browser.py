"""Reads replies as a browser does."""

import json
from typing import Any


def strict(text: bytes) -> Any:
    """Read JSON as a browser does: NaN and Infinity are errors."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)
