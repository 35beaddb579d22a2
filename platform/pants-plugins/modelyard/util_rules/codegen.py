"""`export-codegen` and `package` render a function's Nuclio configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from pants.core.target_types import FileSourceField
from pants.engine.fs import CreateDigest, FileContent, Snapshot
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import (
    GeneratedSources,
    GenerateSourcesRequest,
    InvalidTargetException,
    Target,
)
from pants.engine.unions import UnionRule

from modelyard.fields import (
    AnnotationsField,
    AvailabilityTimeoutField,
    CpusField,
    DescriptionField,
    DisplayNameField,
    EnvField,
    EventTimeoutField,
    FunctionNameField,
    FunctionTypeField,
    GpusField,
    LabelsField,
    MaxBodyField,
    MemoryField,
    PortField,
    VariantDependenciesField,
    VariantField,
    WorkersField,
)
from modelyard.ports import derived_port
from modelyard.spec import FunctionSpec, SpecTooLarge, render_function_yaml
from modelyard.subsystem import Modelyard
from modelyard.target_types import NuclioSpecSourceField
from modelyard.util_rules.labels import FunctionLabels, FunctionLabelsRequest


class GenerateNuclioSpec(GenerateSourcesRequest):
    input = NuclioSpecSourceField
    output = FileSourceField


@dataclass(frozen=True)
class NuclioSpecRequest:
    """The configuration of a target that has the fields of a function."""

    target: Target


@dataclass(frozen=True)
class NuclioSpecFile:
    """The rendered configuration; its snapshot holds one file at `path`."""

    path: str
    snapshot: Snapshot


@rule
async def render_nuclio_spec(request: NuclioSpecRequest, modelyard: Modelyard) -> NuclioSpecFile:
    target = request.target
    labels = await Get(
        FunctionLabels,
        FunctionLabelsRequest(target[LabelsField], target[VariantDependenciesField]),
    )
    try:
        content = render_function_yaml(_function_spec(target, labels, modelyard))
    except SpecTooLarge as error:
        raise InvalidTargetException(f"{target.address}: {error}") from None
    path = f"{target.address.spec_path}/{_file_name(target)}".lstrip("/")
    snapshot = await Get(Snapshot, CreateDigest([FileContent(path, content)]))
    return NuclioSpecFile(path, snapshot)


def _file_name(target: Target) -> str:
    variant = target[VariantField].value
    return "function.yaml" if variant == "cpu" else f"function-{variant}.yaml"


def function_port(target: Target) -> int:
    """The fixed port of a target that has the fields of a function."""
    return target[PortField].value or derived_port(str(target[FunctionNameField].value))


def _function_spec(target: Target, labels: FunctionLabels, modelyard: Modelyard) -> FunctionSpec:
    name = str(target[FunctionNameField].value)
    function_type = str(target[FunctionTypeField].value)
    annotations = dict(target[AnnotationsField].value or {})
    if function_type == "interactor":
        # CVAT's interface refuses interactors of protocol version 1.
        annotations.setdefault("version", "2")
    return FunctionSpec(
        name=name,
        display_name=str(target[DisplayNameField].value),
        description=str(target[DescriptionField].value),
        type=function_type,
        image=f"{modelyard.image_repository}/{name}:{target[VariantField].value}",
        labels=labels.plain(),
        port=function_port(target),
        workers=target[WorkersField].value,
        max_body=target[MaxBodyField].value,
        event_timeout=target[EventTimeoutField].value,
        availability_timeout=target[AvailabilityTimeoutField].value,
        annotations=annotations,
        env=dict(target[EnvField].value or {}),
        memory=target[MemoryField].value,
        cpus=target[CpusField].value,
        gpus=target[GpusField].value,
    )


@rule(desc="Render the Nuclio configuration of a function")
async def generate_nuclio_spec(request: GenerateNuclioSpec) -> GeneratedSources:
    spec = await Get(NuclioSpecFile, NuclioSpecRequest(request.protocol_target))
    return GeneratedSources(spec.snapshot)


def rules() -> Iterable[Any]:
    return (*collect_rules(), UnionRule(GenerateSourcesRequest, GenerateNuclioSpec))
