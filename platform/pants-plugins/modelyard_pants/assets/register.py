from __future__ import annotations

from typing import Any, Iterable

from pants.engine.target import Target

from modelyard_pants.assets import model_class, package
from modelyard_pants.assets.targets import ModelAssets


def target_types() -> Iterable[type[Target]]:
    return (ModelAssets,)


def rules() -> Iterable[Any]:
    return (
        *model_class.rules(),
        *package.rules(),
    )
