from __future__ import annotations

from typing import Any, Iterable

from modelyard_pants.generator import generate


def rules() -> Iterable[Any]:
    return generate.rules()
