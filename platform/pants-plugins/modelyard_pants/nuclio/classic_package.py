"""`package` of the classic form: the complete folder that `nuctl deploy --path` builds from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Iterable

from pants.backend.python.util_rules.python_sources import (
    PythonSourceFilesRequest,
    StrippedPythonSourceFiles,
)
from pants.core.goals.package import (
    BuiltPackage,
    BuiltPackageArtifact,
    OutputPathField,
    PackageFieldSet,
)
from pants.engine.fs import AddPrefix, Digest, MergeDigests
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import (
    DependenciesRequest,
    Targets,
    TransitiveTargets,
    TransitiveTargetsRequest,
    WrappedTarget,
    WrappedTargetRequest,
)
from pants.engine.unions import UnionRule

from modelyard_contract.release import ASSETS
from modelyard_pants.assets.package import Assets, AssetsRequest, warn_if_blocked
from modelyard_pants.assets.targets import ModelAssets
from modelyard_pants.common.lookups import only
from modelyard_pants.function.variants import VariantDependenciesField
from modelyard_pants.nuclio.classic import FOLDER
from modelyard_pants.nuclio.codegen import Rendering, RenderingRequest
from modelyard_pants.nuclio.targets import ClassicSourceField
from modelyard_pants.sources.targets import ModelSources


@dataclass(frozen=True)
class ClassicFieldSet(PackageFieldSet):
    required_fields = (ClassicSourceField, VariantDependenciesField)

    source: ClassicSourceField
    dependencies: VariantDependenciesField
    output_path: OutputPathField


@rule(desc="Package the classic form of a function")
async def package_classic(field_set: ClassicFieldSet) -> BuiltPackage:
    wrapped, direct = await MultiGet(
        Get(
            WrappedTarget,
            WrappedTargetRequest(field_set.address, description_of_origin="package"),
        ),
        Get(Targets, DependenciesRequest(field_set.dependencies)),
    )
    transitive = await Get(
        TransitiveTargets, TransitiveTargetsRequest([only(direct, ModelSources).address])
    )
    rendering, assets, sources = await MultiGet(
        Get(Rendering, RenderingRequest(wrapped.target)),
        Get(Assets, AssetsRequest(only(direct, ModelAssets))),
        Get(StrippedPythonSourceFiles, PythonSourceFilesRequest(transitive.closure)),
    )
    warn_if_blocked(field_set.address, assets)
    path = PurePath(field_set.output_path.value_or_default(file_ending=None))
    parts = await MultiGet(
        # The rendered files are already in the folder.
        Get(Digest, AddPrefix(rendering.digest, str(path))),
        Get(Digest, AddPrefix(assets.digest, str(path / FOLDER / ASSETS))),
        Get(
            Digest,
            AddPrefix(sources.stripped_source_files.snapshot.digest, str(path / FOLDER)),
        ),
    )
    digest = await Get(Digest, MergeDigests(parts))
    return BuiltPackage(digest, (BuiltPackageArtifact(relpath=str(path / FOLDER)),))


def rules() -> Iterable[Any]:
    return (*collect_rules(), UnionRule(PackageFieldSet, ClassicFieldSet))
