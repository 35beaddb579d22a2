"""The class of a function's model, as the runtime finds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import Target

from modelyard_pants.common.modules import ModuleOfFile, ModuleOfFileRequest
from modelyard_pants.function.identity import HandlerField
from modelyard_pants.function.model import HeadField
from modelyard_pants.subsystem import Modelyard


@dataclass(frozen=True)
class ModelClassRequest:
    """The model class of a target that has the fields of a function."""

    target: Target


@dataclass(frozen=True)
class ModelClass:
    """Where the runtime finds the model's class: `module` or `module:Class`.

    `package` is the author's own package; empty if the class is the library's.
    """

    reference: str
    package: str


@rule
async def model_class(request: ModelClassRequest, modelyard: Modelyard) -> ModelClass:
    if request.target[HeadField].value:
        return ModelClass(modelyard.head_model, "")
    handler = request.target[HandlerField]
    module = await Get(ModuleOfFile, ModuleOfFileRequest(handler.address.spec_path, handler.file))
    reference = f"{module.name}:{handler.class_name}" if handler.class_name else module.name
    return ModelClass(reference, module.name.partition(".")[0])


def rules() -> Iterable[Any]:
    return collect_rules()
