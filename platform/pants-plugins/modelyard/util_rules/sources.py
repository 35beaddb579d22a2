"""A function's sources hold the runtime that serves them, though no handler imports it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from pants.backend.python.dependency_inference.module_mapper import (
    PythonModuleOwners,
    PythonModuleOwnersRequest,
)
from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.target_types import PythonResolveField
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import (
    FieldSet,
    InferDependenciesRequest,
    InferredDependencies,
    InvalidTargetException,
)
from pants.engine.unions import UnionRule

from modelyard.subsystem import Modelyard
from modelyard.target_types import ModelSourcesDependenciesField


@dataclass(frozen=True)
class RuntimeModulesFieldSet(FieldSet):
    required_fields = (ModelSourcesDependenciesField, PythonResolveField)

    dependencies: ModelSourcesDependenciesField
    resolve: PythonResolveField


class InferRuntimeModules(InferDependenciesRequest):
    infer_from = RuntimeModulesFieldSet


@rule
async def infer_runtime_modules(
    request: InferRuntimeModules, modelyard: Modelyard, python_setup: PythonSetup
) -> InferredDependencies:
    field_set = request.field_set
    resolve = field_set.resolve.normalized_value(python_setup)
    modules = (*modelyard.runtime_modules, modelyard.predict_module)
    owners = await MultiGet(
        Get(PythonModuleOwners, PythonModuleOwnersRequest(module, resolve=resolve))
        for module in modules
    )
    for module, owner in zip(modules, owners):
        if not owner.unambiguous:
            raise InvalidTargetException(
                f"{field_set.address}: no target of the resolve `{resolve}` holds the module "
                f"{module}; add the resolve to the `parametrize` of lib's targets"
            )
    return InferredDependencies(address for owner in owners for address in owner.unambiguous)


def rules() -> Iterable[Any]:
    return (*collect_rules(), UnionRule(InferDependenciesRequest, InferRuntimeModules))
