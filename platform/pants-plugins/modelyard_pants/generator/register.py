from __future__ import annotations

from typing import Any, Iterable

from modelyard_pants.generator import generate, packages


def rules() -> Iterable[Any]:
    return (*generate.rules(), *packages.rules())
