from __future__ import annotations

from typing import Any, Iterable

from pants.engine.target import Target

from modelyard_pants.weights import convert, export, fetch, licences, local, obtain
from modelyard_pants.weights.export_targets import ExportedWeights
from modelyard_pants.weights.targets import ModelWeights


def target_types() -> Iterable[type[Target]]:
    return (
        ExportedWeights,
        ModelWeights,
    )


def rules() -> Iterable[Any]:
    return (
        *convert.rules(),
        *export.rules(),
        *fetch.rules(),
        *licences.rules(),
        *local.rules(),
        *obtain.rules(),
    )
