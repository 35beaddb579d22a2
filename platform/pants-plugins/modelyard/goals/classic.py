"""`package` of the classic form: the whole folder that `nuctl deploy --path` builds from."""

from __future__ import annotations

import logging
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

from modelyard.fields import VariantDependenciesField
from modelyard.goals.assets import Assets, AssetsRequest
from modelyard.renderings.classic import FOLDER
from modelyard.target_types import ClassicSourceField, ModelAssets, ModelSources
from modelyard.util_rules.codegen import Rendering, RenderingRequest

logger = logging.getLogger(__name__)


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
    sources_target = next(target for target in direct if isinstance(target, ModelSources))
    assets_target = next(target for target in direct if isinstance(target, ModelAssets))
    transitive = await Get(TransitiveTargets, TransitiveTargetsRequest([sources_target.address]))
    rendering, assets, sources = await MultiGet(
        Get(Rendering, RenderingRequest(wrapped.target)),
        Get(Assets, AssetsRequest(assets_target)),
        Get(StrippedPythonSourceFiles, PythonSourceFilesRequest(transitive.closure)),
    )
    if assets.blocked:
        logger.warning(f"{field_set.address} is packaged without weights: {assets.blocked}")
    path = PurePath(field_set.output_path.value_or_default(file_ending=None))
    parts = await MultiGet(
        # The rendered files lie in the folder already.
        Get(Digest, AddPrefix(rendering.digest, str(path))),
        Get(Digest, AddPrefix(assets.digest, str(path / FOLDER / "assets"))),
        Get(
            Digest,
            AddPrefix(sources.stripped_source_files.snapshot.digest, str(path / FOLDER)),
        ),
    )
    digest = await Get(Digest, MergeDigests(parts))
    return BuiltPackage(digest, (BuiltPackageArtifact(relpath=str(path / FOLDER)),))


def rules() -> Iterable[Any]:
    return (*collect_rules(), UnionRule(PackageFieldSet, ClassicFieldSet))
