"""`package` of a function's assets: `model.json` and `weights/`, as `Assets.open` reads them."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any, Iterable

from pants.core.goals.package import (
    BuiltPackage,
    BuiltPackageArtifact,
    OutputPathField,
    PackageFieldSet,
)
from pants.engine.addresses import Address
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

from modelyard_contract.release import MODEL, MODEL_SCHEMA, WEIGHTS, Model
from modelyard_pants.assets.model_class import ModelClass, ModelClassRequest
from modelyard_pants.assets.targets import ModelAssetsMarkerField
from modelyard_pants.function.identity import (
    DisplayNameField,
    FunctionNameField,
    FunctionTypeField,
    LicenceField,
)
from modelyard_pants.function.labels import FunctionLabels, FunctionLabelsRequest, thaw
from modelyard_pants.function.model import HeadField, HeadOptionsField, LabelsField, ParamsField
from modelyard_pants.function.variants import VariantDependenciesField
from modelyard_pants.weights.licences import Licences, LicencesRequest
from modelyard_pants.weights.requests import (
    LocalWeightsRequest,
    Weights,
    WeightsRequest,
    stands_for_weights,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class AssetsFieldSet(PackageFieldSet):
    required_fields = (ModelAssetsMarkerField,)

    marker: ModelAssetsMarkerField
    output_path: OutputPathField


@dataclass(frozen=True)
class AssetsRequest:
    """The assets of a target that has the fields of a function."""

    target: Target


@dataclass(frozen=True)
class Assets:
    """A function's assets folder. `blocked` is the one-line reason why weights are missing."""

    digest: Digest
    blocked: str | None
    licences: Licences


@rule
async def function_assets(request: AssetsRequest) -> Assets:
    target = request.target
    dependencies = target[VariantDependenciesField]
    labels, model, direct, licences = await MultiGet(
        Get(FunctionLabels, FunctionLabelsRequest(target[LabelsField], dependencies)),
        Get(ModelClass, ModelClassRequest(target)),
        Get(Targets, DependenciesRequest(dependencies)),
        Get(Licences, LicencesRequest(target)),
    )
    local = await Get(Digest, LocalWeightsRequest(direct))
    weights = [Weights(local)] if local != EMPTY_DIGEST else []
    for dependency in direct:
        if stands_for_weights(dependency):
            weights.append(await Get(Weights, WeightsRequest(dependency)))
            # Failures are not cached: a server that lacks one file is not asked for the others.
            if weights[-1].blocked:
                break
    description: Model = {
        "schema": MODEL_SCHEMA,
        "name": str(target[FunctionNameField].value),
        "display_name": str(target[DisplayNameField].value),
        "type": str(target[FunctionTypeField].value),
        "model": model.reference,
        "licence": str(target[LicenceField].value),
        "labels": labels.plain(),
        "params": thaw(target[ParamsField].value),
    }
    if head := target[HeadField].value:
        description["head"] = head
        description["head_options"] = thaw(target[HeadOptionsField].value)
    content = json.dumps(description, indent=1, ensure_ascii=False).encode()
    model_json = await Get(Digest, CreateDigest([FileContent(MODEL, content)]))
    blocked = next((item.blocked for item in weights if item.blocked), None)
    files = await MultiGet(
        Get(Digest, AddPrefix(item.digest, WEIGHTS)) for item in weights if item.digest
    )
    return Assets(await Get(Digest, MergeDigests([model_json, *files])), blocked, licences)


def warn_if_blocked(address: Address, assets: Assets) -> None:
    """Warn that the package of `address` lacks its weights, and why."""
    if assets.blocked:
        logger.warning(f"{address} is packaged without weights: {assets.blocked}")


@rule(desc="Package the assets of a function")
async def package_assets(field_set: AssetsFieldSet) -> BuiltPackage:
    wrapped = await Get(
        WrappedTarget, WrappedTargetRequest(field_set.address, description_of_origin="package")
    )
    assets = await Get(Assets, AssetsRequest(wrapped.target))
    warn_if_blocked(field_set.address, assets)
    path = field_set.output_path.value_or_default(file_ending=None)
    digest = await Get(Digest, AddPrefix(assets.digest, path))
    return BuiltPackage(digest, (BuiltPackageArtifact(relpath=path),))


def rules() -> Iterable[Any]:
    return (*collect_rules(), UnionRule(PackageFieldSet, AssetsFieldSet))
