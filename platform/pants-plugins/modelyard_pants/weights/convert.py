"""Converts fetched weights to a network that OpenVINO reads."""

from __future__ import annotations

from typing import Any, Iterable

from pants.backend.python.util_rules.pex import VenvPex, VenvPexProcess
from pants.engine.fs import AddPrefix, Digest, DigestSubset, MergeDigests, PathGlobs, RemovePrefix
from pants.engine.process import ProcessResult
from pants.engine.rules import Get, collect_rules, rule

from modelyard_pants.common.option_tools import OptionTool
from modelyard_pants.weights.requests import (
    ConvertWeightsRequest,
    ExporterRun,
    LicensedRequest,
    Weights,
)

# Converters of formats that only torch or an author's package reads: the option with the tool's
# address, and the module that exports.
_EXPORTERS = {
    "torchscript": ("weights_exporter", "modelyard_tools.weights.conversion.torchscript"),
    "ultralytics": (
        "ultralytics_exporter",
        "modelyard_tools.weights.checkpoints.ultralytics_export",
    ),
    "rfdetr": ("rfdetr_exporter", "modelyard_tools.weights.checkpoints.rfdetr_export"),
}


@rule
async def licensed(request: LicensedRequest) -> Weights:
    licence = await Get(Digest, DigestSubset(request.files, PathGlobs(["LICENSE*"])))
    return Weights(await Get(Digest, MergeDigests([request.made, licence])))


@rule
async def convert_weights(request: ConvertWeightsRequest) -> Weights:
    if exporter := _EXPORTERS.get(request.converter):
        option, module = exporter
        return await Get(Weights, ExporterRun(module, request.name, request.fetched, tool=option))
    tool = await Get(
        VenvPex, OptionTool("weights_converter", "modelyard_tools.weights.conversion.convert")
    )
    sources = await Get(Digest, AddPrefix(request.fetched, "in"))
    result = await Get(
        ProcessResult,
        VenvPexProcess(
            tool,
            argv=(request.converter, "--in", "in", "--out", "out", "--name", request.name),
            input_digest=sources,
            output_directories=("out",),
            description=f"Convert the weights {request.name} ({request.converter})",
        ),
    )
    converted = await Get(Digest, RemovePrefix(result.output_digest, "out"))
    return await Get(Weights, LicensedRequest(converted, request.fetched))


def rules() -> Iterable[Any]:
    return collect_rules()
