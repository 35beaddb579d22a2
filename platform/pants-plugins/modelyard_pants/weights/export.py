"""Exports torch networks to OpenVINO in a sandboxed, cached process that runs authors' code."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Iterable

from pants.backend.python.dependency_inference.module_mapper import (
    PythonModuleOwners,
    PythonModuleOwnersRequest,
)
from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.target_types import EntryPoint, PythonResolveField, PythonSourceField
from pants.backend.python.util_rules.pex import VenvPex, VenvPexProcess
from pants.backend.python.util_rules.pex_from_targets import PexFromTargetsRequest
from pants.backend.python.util_rules.python_sources import (
    PythonSourceFiles,
    PythonSourceFilesRequest,
)
from pants.engine.addresses import Addresses, UnparsedAddressInputs
from pants.engine.fs import AddPrefix, Digest, MergeDigests, RemovePrefix
from pants.engine.process import ProcessResult
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import (
    DependenciesRequest,
    FieldSet,
    InferDependenciesRequest,
    InferredDependencies,
    InvalidTargetException,
    Targets,
    TransitiveTargets,
    TransitiveTargetsRequest,
)
from pants.engine.unions import UnionRule

from modelyard_pants.common.lookups import option_address
from modelyard_pants.common.modules import ModuleOfFile, ModuleOfFileRequest
from modelyard_pants.subsystem import Modelyard
from modelyard_pants.weights.export_targets import (
    ExportDependenciesField,
    ExportedFromField,
    ExporterField,
)
from modelyard_pants.weights.requests import (
    ExporterRun,
    ExportWeightsRequest,
    LicensedRequest,
    LocalWeightsRequest,
    Weights,
    WeightsRequest,
    stands_for_weights,
)

_MODULE = "modelyard_tools.weights.conversion.export"


@dataclass(frozen=True)
class ExportFieldSet(FieldSet):
    required_fields = (ExportDependenciesField, ExporterField, ExportedFromField)

    dependencies: ExportDependenciesField
    exporter: ExporterField
    weights: ExportedFromField


class InferExportDependencies(InferDependenciesRequest):
    infer_from = ExportFieldSet


def _module_of(exporter: ExporterField) -> ModuleOfFileRequest:
    return ModuleOfFileRequest(exporter.address.spec_path, str(exporter.value))


@rule
async def infer_export_dependencies(
    request: InferExportDependencies, modelyard: Modelyard, python_setup: PythonSetup
) -> InferredDependencies:
    field_set = request.field_set
    module, tool, weights = await MultiGet(
        Get(ModuleOfFile, ModuleOfFileRequest, _module_of(field_set.exporter)),
        Get(Targets, UnparsedAddressInputs, option_address("weights_exporter", modelyard)),
        Get(
            Addresses,
            UnparsedAddressInputs(
                field_set.weights.value or (),
                owning_address=field_set.address,
                description_of_origin=f"the field `{field_set.weights.alias}` of "
                f"{field_set.address}",
            ),
        ),
    )
    # Both run in one process.
    resolve = tool[0][PythonResolveField].normalized_value(python_setup)
    owners = await Get(PythonModuleOwners, PythonModuleOwnersRequest(module.name, resolve=resolve))
    if not owners.unambiguous:
        raise InvalidTargetException(
            f"{field_set.address}: no target of the resolve `{resolve}` has "
            f"{field_set.exporter.value}, the `exporter`; write the file, or set `exporter`"
        )
    return InferredDependencies([*owners.unambiguous, *weights])


@rule
async def export_weights(request: ExportWeightsRequest) -> Weights:
    target = request.target
    direct = await Get(Targets, DependenciesRequest(target[ExportDependenciesField]))
    given = [
        await Get(Weights, WeightsRequest(dependency))
        for dependency in direct
        if stands_for_weights(dependency)
    ]
    for weights in given:
        if weights.blocked:
            return weights
    module, local = await MultiGet(
        Get(ModuleOfFile, ModuleOfFileRequest, _module_of(target[ExporterField])),
        Get(Digest, LocalWeightsRequest(direct)),
    )
    return await Get(
        Weights,
        ExporterRun(
            module.name,
            name=target.address.target_name,
            files=await Get(
                Digest, MergeDigests([local, *(item.digest for item in given if item.digest)])
            ),
            code=tuple(
                dependency.address
                for dependency in direct
                if dependency.has_field(PythonSourceField)
            ),
        ),
    )


@rule
async def run_exporter(request: ExporterRun, modelyard: Modelyard) -> Weights:
    tool = await Get(Addresses, UnparsedAddressInputs, option_address(request.tool, modelyard))
    addresses = Addresses([*tool, *request.code])
    transitive = await Get(TransitiveTargets, TransitiveTargetsRequest(addresses))
    # Sources are next to the environment, so that an edit does not pack torch again.
    venv, sources, inputs = await MultiGet(
        Get(
            VenvPex,
            PexFromTargetsRequest(
                addresses,
                output_filename=f"{_MODULE}.pex",
                internal_only=True,
                include_source_files=False,
                main=EntryPoint(_MODULE),
            ),
        ),
        Get(PythonSourceFiles, PythonSourceFilesRequest(transitive.closure)),
        Get(Digest, AddPrefix(request.files, "in")),
    )
    result = await Get(
        ProcessResult,
        VenvPexProcess(
            venv,
            argv=(request.module, "--in", "in", "--out", "out", "--name", request.name),
            input_digest=await Get(
                Digest, MergeDigests([inputs, sources.source_files.snapshot.digest])
            ),
            extra_env={"PEX_EXTRA_SYS_PATH": os.pathsep.join(sources.source_roots)},
            output_directories=("out",),
            description=f"Export the network {request.name} to OpenVINO ({request.module})",
        ),
    )
    exported = await Get(Digest, RemovePrefix(result.output_digest, "out"))
    return await Get(Weights, LicensedRequest(exported, request.files))


def rules() -> Iterable[Any]:
    return (*collect_rules(), UnionRule(InferDependenciesRequest, InferExportDependencies))
