"""`./pants run <function>#cpu` and `debug`: one function in the foreground, for development.

The model's files come from the build and its modules from the working copy, so that an edit is
loaded without another build.
"""

from __future__ import annotations

import dataclasses
import difflib
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
    Target,
    Targets,
    TransitiveTargets,
    TransitiveTargetsRequest,
    WrappedTarget,
    WrappedTargetRequest,
)

from modelyard_pants.assets.targets import ModelAssets
from modelyard_pants.common.lookups import only
from modelyard_pants.common.option_pexes import OptionPex, OptionPexRequest
from modelyard_pants.deploy.deploy import DebugRequest, DeployerRequest
from modelyard_pants.function.identity import FunctionNameField
from modelyard_pants.function.targets import LabelSetSourceField
from modelyard_pants.function.variants import VariantDependenciesField
from modelyard_pants.release.all_releases import AllReleases
from modelyard_pants.release.bundle import ReleaseBundle, ReleaseBundleRequest
from modelyard_pants.release.targets import ReleaseMarkerField
from modelyard_pants.sources.targets import ModelSources

_DEBUGGER = "debugger"


class UnknownFunction(Exception):
    """No release has the requested name."""


@dataclass(frozen=True)
class ServeFieldSet(RunFieldSet):
    required_fields = (ReleaseMarkerField,)
    run_in_sandbox_behavior = RunInSandboxBehavior.NOT_SUPPORTED

    marker: ReleaseMarkerField


@dataclass(frozen=True)
class DevelopmentRequest:
    """The deployer with one release, but with modules from the working copy."""

    target: Target


@rule
async def prepare_development(request: DevelopmentRequest) -> RunRequest:
    dependencies = request.target[VariantDependenciesField]
    direct = await Get(Targets, DependenciesRequest(dependencies))
    described = only(direct, ModelAssets)[VariantDependenciesField]
    transitive, data, bundle = await MultiGet(
        Get(TransitiveTargets, TransitiveTargetsRequest([only(direct, ModelSources).address])),
        Get(Targets, DependenciesRequest(described)),
        Get(ReleaseBundle, ReleaseBundleRequest((request.target,))),
    )
    sources, deployer = await MultiGet(
        Get(PythonSourceFiles, PythonSourceFilesRequest(transitive.closure)),
        Get(RunRequest, DeployerRequest(bundle)),
    )
    folders = (os.path.join(get_buildroot(), root) for root in sources.source_roots)
    roots = (word for folder in folders for word in ("--source-root", folder))
    files = [
        os.path.join(get_buildroot(), target[LabelSetSourceField].file_path)
        for target in data
        if target.has_field(LabelSetSourceField)
    ]
    labels = ("--labels", files[0]) if files else ()
    return dataclasses.replace(deployer, args=(*deployer.args, *roots, *labels))


@rule(desc="Prepare to serve a function locally")
async def run_release(field_set: ServeFieldSet) -> RunRequest:
    wrapped = await Get(
        WrappedTarget, WrappedTargetRequest(field_set.address, description_of_origin="run")
    )
    served = await Get(RunRequest, DevelopmentRequest(wrapped.target))
    return dataclasses.replace(served, args=(*served.args, "serve"))


@rule(desc="Prepare to debug a function locally")
async def debug_release(request: DebugRequest, all_releases: AllReleases) -> RunRequest:
    names = {str(target[FunctionNameField].value): target for target in all_releases.targets}
    if request.name not in names:
        close = difflib.get_close_matches(request.name, names, 1) or sorted(names)
        raise UnknownFunction(
            f"debug: no function is named {request.name!r}; use `./pants run ::deploy -- debug "
            f"NAME`, such as {close[0] if close else 'coco-ssd'}"
        )
    debugged, debugger = await MultiGet(
        Get(RunRequest, DevelopmentRequest(names[request.name])),
        Get(OptionPex, OptionPexRequest(_DEBUGGER)),
    )
    return dataclasses.replace(
        debugged,
        args=(*debugged.args, "--debugger-pex", f"{{chroot}}/{_DEBUGGER}/{debugger.path}"),
        immutable_input_digests={
            **(debugged.immutable_input_digests or {}),
            _DEBUGGER: debugger.digest,
        },
    )


def rules() -> Iterable[Any]:
    return (*collect_rules(), *ServeFieldSet.rules())
