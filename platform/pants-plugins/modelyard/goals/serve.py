"""`./pants run <function>#cpu`: one function in the foreground, for development.

The model's files come from the build, its modules from the working copy, so that an edit is loaded
without another build.
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from typing import Any, Iterable

from pants.backend.python.util_rules.python_sources import (
    PythonSourceFiles,
    PythonSourceFilesRequest,
)
from pants.base.build_environment import get_buildroot
from pants.core.goals.run import RunFieldSet, RunInSandboxBehavior, RunRequest
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import (
    DependenciesRequest,
    Targets,
    TransitiveTargets,
    TransitiveTargetsRequest,
    WrappedTarget,
    WrappedTargetRequest,
)

from modelyard.fields import VariantDependenciesField
from modelyard.goals.bundle import ReleaseBundle, ReleaseBundleRequest
from modelyard.goals.deploy import DeployerRequest
from modelyard.target_types import ModelSources, ReleaseMarkerField
from modelyard.util_rules.lookups import only


@dataclass(frozen=True)
class ServeFieldSet(RunFieldSet):
    required_fields = (ReleaseMarkerField,)
    run_in_sandbox_behavior = RunInSandboxBehavior.NOT_SUPPORTED

    marker: ReleaseMarkerField
    dependencies: VariantDependenciesField


@rule(desc="Prepare a function to be served here")
async def run_release(field_set: ServeFieldSet) -> RunRequest:
    wrapped, direct = await MultiGet(
        Get(WrappedTarget, WrappedTargetRequest(field_set.address, description_of_origin="run")),
        Get(Targets, DependenciesRequest(field_set.dependencies)),
    )
    transitive, bundle = await MultiGet(
        Get(TransitiveTargets, TransitiveTargetsRequest([only(direct, ModelSources).address])),
        Get(ReleaseBundle, ReleaseBundleRequest((wrapped.target,))),
    )
    sources, deployer = await MultiGet(
        Get(PythonSourceFiles, PythonSourceFilesRequest(transitive.closure)),
        Get(RunRequest, DeployerRequest(bundle)),
    )
    roots = (os.path.join(get_buildroot(), root) for root in sources.source_roots)
    return dataclasses.replace(deployer, args=(*deployer.args, "serve", "--sources", *roots))


def rules() -> Iterable[Any]:
    return (*collect_rules(), *ServeFieldSet.rules())
