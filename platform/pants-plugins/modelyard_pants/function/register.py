from __future__ import annotations

from typing import Any, Iterable

from pants.engine.target import Target

from modelyard_pants.function import labels
from modelyard_pants.function.targets import LabelSet, ModelFunction


def target_types() -> Iterable[type[Target]]:
    return (
        LabelSet,
        ModelFunction,
    )


def rules() -> Iterable[Any]:
    return labels.rules()
