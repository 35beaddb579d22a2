"""From the fields of a target to the function's spec."""

from __future__ import annotations

from pants.engine.rules import Get
from pants.engine.target import Target

from modelyard_contract.annotations import complete
from modelyard_contract.ports import derived_port
from modelyard_pants.function.identity import (
    DescriptionField,
    DisplayNameField,
    FunctionNameField,
    FunctionTypeField,
)
from modelyard_pants.function.labels import FunctionLabels, FunctionLabelsRequest
from modelyard_pants.function.model import AnnotationsField, LabelsField
from modelyard_pants.function.resources import (
    CpusField,
    EnvField,
    GpuMemoryField,
    GpusField,
    MemoryField,
)
from modelyard_pants.function.serving import (
    AvailabilityTimeoutField,
    EventTimeoutField,
    MaxBodyField,
    PortField,
    WorkersField,
)
from modelyard_pants.function.spec import FunctionSpec
from modelyard_pants.function.variants import VariantDependenciesField, VariantField
from modelyard_pants.subsystem import Modelyard


def function_port(target: Target) -> int:
    """The fixed port of a target that has the fields of a function."""
    return target[PortField].value or derived_port(str(target[FunctionNameField].value))


async def function_spec(target: Target, modelyard: Modelyard) -> FunctionSpec:
    labels = await Get(
        FunctionLabels,
        FunctionLabelsRequest(target[LabelsField], target[VariantDependenciesField]),
    )
    name = str(target[FunctionNameField].value)
    variant = str(target[VariantField].value)
    function_type = str(target[FunctionTypeField].value)
    return FunctionSpec(
        name=name,
        variant=variant,
        display_name=str(target[DisplayNameField].value),
        description=str(target[DescriptionField].value),
        type=function_type,
        image=f"{modelyard.image_repository}/{name}:{variant}",
        labels=labels.plain(),
        port=function_port(target),
        workers=target[WorkersField].value,
        max_body=target[MaxBodyField].value,
        event_timeout=target[EventTimeoutField].value,
        availability_timeout=target[AvailabilityTimeoutField].value,
        annotations=complete(function_type, target[AnnotationsField].value or {}),
        env=target[EnvField].value or {},
        memory=target[MemoryField].value,
        cpus=target[CpusField].value,
        gpus=target[GpusField].value,
        gpu_memory=target[GpuMemoryField].bytes,
    )
