"""Fetches, verifies and converts weights in sandboxed, cached processes.

A file that cannot be fetched does not fail the build: the function that needs it is *blocked* with
the reason, and the others are built. So the fetch may fail, and only success is cached.
"""

from __future__ import annotations

from typing import Any, Iterable

from pants.engine.rules import Get, collect_rules, rule

from modelyard_pants.weights.export_targets import ExporterField
from modelyard_pants.weights.fetch import published_digest
from modelyard_pants.weights.requests import (
    ConvertWeightsRequest,
    ExportWeightsRequest,
    FetchWeightsRequest,
    Weights,
    WeightsRequest,
)
from modelyard_pants.weights.targets import WeightsConverterField, WeightsSourceUrlField


@rule
async def weights(request: WeightsRequest) -> Weights:
    target = request.target
    if target.has_field(ExporterField):
        return await Get(Weights, ExportWeightsRequest(target))
    if published_digest(target) is None:
        # Checked here, since every build would otherwise start a process for each such file.
        return Weights(
            None,
            f"{target.address.target_name}: no digest is pinned, since its publisher states none; "
            f"if you trust {target[WeightsSourceUrlField].value}, record it: "
            f"./pants lock-weights {target.address}",
        )
    fetched = await Get(Weights, FetchWeightsRequest(target))
    converter = target[WeightsConverterField].value
    if fetched.digest is None or converter is None:
        return fetched
    return await Get(
        Weights, ConvertWeightsRequest(fetched.digest, converter, target.address.target_name)
    )


def rules() -> Iterable[Any]:
    return collect_rules()
