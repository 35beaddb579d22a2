"""Infers a function's sources: its handler and the runtime that serves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from pants.backend.python.dependency_inference.module_mapper import (
    PythonModuleOwners,
    PythonModuleOwnersRequest,
)
from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.target_types import (
    PythonResolveField,
    ResolvedPexEntryPoint,
    ResolvePexEntryPointRequest,
)
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import (
    FieldSet,
    InferDependenciesRequest,
    InferredDependencies,
    InvalidTargetException,
)
from pants.engine.unions import UnionRule

from modelyard_pants.sources.targets import (
    ModelSourcesDependenciesField,
    ModelSourcesEntryPointField,
)
from modelyard_pants.subsystem import Modelyard


@dataclass(frozen=True)
class ModelSourcesInferenceFieldSet(FieldSet):
    required_fields = (
        ModelSourcesDependenciesField,
        ModelSourcesEntryPointField,
        PythonResolveField,
    )

    dependencies: ModelSourcesDependenciesField
    entry_point: ModelSourcesEntryPointField
    resolve: PythonResolveField


class InferModelSources(InferDependenciesRequest):
    infer_from = ModelSourcesInferenceFieldSet


@rule
async def infer_model_sources(
    request: InferModelSources, modelyard: Modelyard, python_setup: PythonSetup
) -> InferredDependencies:
    field_set = request.field_set
    resolve = field_set.resolve.normalized_value(python_setup)
    handler = await Get(ResolvedPexEntryPoint, ResolvePexEntryPointRequest(field_set.entry_point))
    assert handler.val is not None
    runtime = (*modelyard.runtime_modules, modelyard.predict_module)
    owners = await MultiGet(
        Get(PythonModuleOwners, PythonModuleOwnersRequest(module, resolve=resolve))
        for module in (*runtime, handler.val.module)
    )
    for module, owner in zip(runtime, owners):
        if not owner.unambiguous:
            raise InvalidTargetException(
                f"{field_set.address}: no target of the resolve `{resolve}` has the module "
                f"{module}; add the resolve to the `parametrize` of lib's targets"
            )
    if not (owners[-1].unambiguous or owners[-1].ambiguous):
        raise InvalidTargetException(
            f"{field_set.address}: no target of the resolve `{resolve}` has the module "
            f'{handler.val.module}, the handler; add `python_sources(resolve="{resolve}")` '
            "to its BUILD file"
        )
    return InferredDependencies(address for owner in owners for address in owner.unambiguous)


def rules() -> Iterable[Any]:
    return (*collect_rules(), UnionRule(InferDependenciesRequest, InferModelSources))
