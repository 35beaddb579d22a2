"""`package` of a release: everything a deployer needs for one variant, with a content digest.

The digest covers everything that reaches production, so a deployer can compare it with what is
running, whatever the state of git.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Iterable

from pants.backend.python.target_types import PexBinary
from pants.core.goals.package import (
    BuiltPackage,
    BuiltPackageArtifact,
    OutputPathField,
    PackageFieldSet,
)
from pants.engine.fs import EMPTY_DIGEST, AddPrefix, CreateDigest, Digest, FileContent, MergeDigests
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import (
    DependenciesRequest,
    Target,
    Targets,
    WrappedTarget,
    WrappedTargetRequest,
)
from pants.engine.unions import UnionRule

from modelyard_contract.release import (
    ASSETS,
    DEPENDENCIES,
    MANIFEST,
    MANIFEST_SCHEMA,
    SOURCES,
    Manifest,
    Parts,
    SealedManifest,
)
from modelyard_pants.assets.package import Assets, AssetsRequest
from modelyard_pants.assets.targets import ModelAssets
from modelyard_pants.common.lookups import only
from modelyard_pants.function.identity import (
    DescriptionField,
    DisplayNameField,
    FunctionNameField,
    FunctionTypeField,
    LicenceField,
    OriginField,
)
from modelyard_pants.function.resources import GpuMemoryField, GpusField
from modelyard_pants.function.serving import IdleTimeoutField
from modelyard_pants.function.target_spec import function_port
from modelyard_pants.function.variants import (
    VariantDependenciesField,
    VariantField,
    VariantResolveField,
)
from modelyard_pants.nuclio.codegen import NuclioSpecFile, NuclioSpecRequest
from modelyard_pants.nuclio.targets import NuclioSpec
from modelyard_pants.release.all_releases import AllReleases
from modelyard_pants.release.pex import FunctionPex, FunctionPexRequest
from modelyard_pants.release.targets import ReleaseMarkerField
from modelyard_pants.sources.package import as_pex_binary
from modelyard_pants.sources.targets import ModelSources


@dataclass(frozen=True)
class ReleaseFieldSet(PackageFieldSet):
    required_fields = (ReleaseMarkerField,)

    marker: ReleaseMarkerField
    output_path: OutputPathField


@dataclass(frozen=True)
class ReleaseRequest:
    target: Target


@dataclass(frozen=True)
class Release:
    """One variant of a function, built.

    `digest` holds manifest.json, function.yaml, srcs.pex/ and assets/ at its root; `dependencies`
    holds the resolve's PEX as `<resolve>.pex`, kept apart because functions share it. A blocked
    release has neither srcs.pex nor dependencies: it cannot run, and there may be many.
    """

    name: str
    variant: str
    resolve: str
    digest: Digest
    dependencies: Digest | None


@rule(desc="Build the release of a function")
async def build_release(request: ReleaseRequest, _: AllReleases) -> Release:
    target = request.target
    resolve = str(target[VariantResolveField].value)
    direct = await Get(Targets, DependenciesRequest(target[VariantDependenciesField]))
    sources, assets_target, spec_target, dependencies = (
        only(direct, kind) for kind in (ModelSources, ModelAssets, NuclioSpec, PexBinary)
    )
    assets, spec = await MultiGet(
        Get(Assets, AssetsRequest(assets_target)),
        Get(NuclioSpecFile, NuclioSpecRequest(spec_target)),
    )
    assets_digest = await Get(Digest, AddPrefix(assets.digest, ASSETS))
    srcs = deps = EMPTY_DIGEST
    if not assets.blocked:
        pexes = await MultiGet(
            Get(FunctionPex, FunctionPexRequest(as_pex_binary(sources), SOURCES)),
            Get(FunctionPex, FunctionPexRequest(dependencies, f"{resolve}.pex")),
        )
        srcs, deps = (pex.digest for pex in pexes)
    parts: Parts = {
        "deps": deps.fingerprint,
        "srcs": srcs.fingerprint,
        "assets": assets.digest.fingerprint,
        "spec": spec.digest.fingerprint,
    }
    manifest = _manifest(target, parts, assets)
    content = json.dumps(manifest, indent=1, ensure_ascii=False).encode()
    manifest_digest = await Get(Digest, CreateDigest([FileContent(MANIFEST, content)]))
    return Release(
        name=str(target[FunctionNameField].value),
        variant=str(target[VariantField].value),
        resolve=resolve,
        digest=await Get(Digest, MergeDigests([manifest_digest, spec.digest, srcs, assets_digest])),
        dependencies=None if assets.blocked else deps,
    )


def _manifest(target: Target, parts: Parts, assets: Assets) -> SealedManifest:
    resolve = target[VariantResolveField].value
    gpus = target[GpusField].value
    manifest: Manifest = {
        "schema": MANIFEST_SCHEMA,
        "name": str(target[FunctionNameField].value),
        "display_name": str(target[DisplayNameField].value),
        "description": str(target[DescriptionField].value),
        "variant": str(target[VariantField].value),
        "type": str(target[FunctionTypeField].value),
        "address": target.address.spec,
        "resolve": str(resolve),
        "deps": f"{DEPENDENCIES}/{resolve}.pex",
        "port": function_port(target),
        "gpus": gpus,
        "gpu_memory": target[GpuMemoryField].bytes,
        "idle_timeout": target[IdleTimeoutField].effective(gpus),
        "licence": str(target[LicenceField].value),
        "licence_stated_at": assets.licences.stated_at,
        "code_licence": assets.licences.code,
        "origin": str(target[OriginField].value),
        "blocked": assets.blocked,
        "parts": parts,
    }
    return {**manifest, "digest": _content_digest(manifest)}


def _content_digest(manifest: Manifest) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


@rule(desc="Package the release of a function")
async def package_release(field_set: ReleaseFieldSet) -> BuiltPackage:
    wrapped = await Get(
        WrappedTarget, WrappedTargetRequest(field_set.address, description_of_origin="package")
    )
    release = await Get(Release, ReleaseRequest(wrapped.target))
    path = field_set.output_path.value_or_default(file_ending=None)
    digest = await Get(Digest, AddPrefix(release.digest, path))
    return BuiltPackage(digest, (BuiltPackageArtifact(relpath=path),))


def rules() -> Iterable[Any]:
    return (*collect_rules(), UnionRule(PackageFieldSet, ReleaseFieldSet))
