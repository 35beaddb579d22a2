"""Converts the fields of a target to the function's spec."""

from __future__ import annotations

from pants.engine.rules import Get
from pants.engine.target import Target

from modelyard_contract.annotations import complete
from modelyard_contract.ports import derived_port
from modelyard_pants.function.fields import values_for
from modelyard_pants.function.identity import FunctionNameField, FunctionTypeField
from modelyard_pants.function.labels import FunctionLabels, FunctionLabelsRequest
from modelyard_pants.function.model import AnnotationsField, LabelsField
from modelyard_pants.function.resources import GpuMemoryField
from modelyard_pants.function.serving import PortField
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
    values = {
        **values_for(FunctionSpec, target),
        # Those that are not just the value of a field.
        "name": name,
        "variant": variant,
        "image": f"{modelyard.image_repository}/{name}:{variant}",
        "labels": labels.plain(),
        "port": function_port(target),
        "annotations": complete(
            str(target[FunctionTypeField].value), target[AnnotationsField].value or {}
        ),
        "gpu_memory": target[GpuMemoryField].bytes,
    }
    return FunctionSpec(**values)
