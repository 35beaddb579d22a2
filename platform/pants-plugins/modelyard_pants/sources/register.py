from __future__ import annotations

from typing import Any, Iterable

from pants.engine.target import Target

from modelyard_pants.sources import dependencies, exports, package
from modelyard_pants.sources.targets import ModelSources


def target_types() -> Iterable[type[Target]]:
    return (ModelSources,)


def rules() -> Iterable[Any]:
    return (
        *dependencies.rules(),
        *exports.rules(),
        *package.rules(),
    )
