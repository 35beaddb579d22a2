"""The layers of an image: its base, its server, and the function itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from pants.backend.python.target_types import PexBinary
from pants.backend.python.util_rules.python_sources import (
    PythonSourceFilesRequest,
    StrippedPythonSourceFiles,
)
from pants.engine.addresses import Address
from pants.engine.fs import AddPrefix, Digest, DigestSubset, MergeDigests, PathGlobs, Snapshot
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import (
    DependenciesRequest,
    InvalidTargetException,
    Target,
    Targets,
    TransitiveTargets,
    TransitiveTargetsRequest,
)

from modelyard_contract.release import CONFIG, MODEL
from modelyard_pants.assets.model_class import ModelClass, ModelClassRequest
from modelyard_pants.assets.package import Assets, AssetsRequest
from modelyard_pants.assets.targets import ModelAssets
from modelyard_pants.common.lookups import only
from modelyard_pants.function.variants import VariantDependenciesField
from modelyard_pants.image.dependency_layers import DependencyLayers, DependencyLayersRequest
from modelyard_pants.image.foreign_images import ForeignImage, ForeignImageRequest
from modelyard_pants.image.layers import BaseLayerRequest, BuiltLayer, LayerRequest
from modelyard_pants.image.oci import NUCLIO, STANDALONE
from modelyard_pants.image.server_layer import ServerLayerRequest
from modelyard_pants.nuclio.codegen import NuclioSpecFile, NuclioSpecRequest
from modelyard_pants.nuclio.targets import NuclioSpec
from modelyard_pants.sources.targets import ModelSources
from modelyard_pants.subsystem import Modelyard


@dataclass(frozen=True)
class ImageParts:
    """The layers of an image, and the variables that a foreign base sets."""

    layers: tuple[BuiltLayer, ...]
    base_env: tuple[str, ...] = ()


@dataclass(frozen=True)
class BasePartsRequest:
    """The base: an image by its reference, or None for the repository's own."""

    reference: str | None
    wanted_by: Address


@dataclass(frozen=True)
class ServingPartsRequest:
    """The layers that serve a function."""

    runtime: str
    wanted_by: Address


@dataclass(frozen=True)
class FunctionPartsRequest:
    """The layers of the function itself."""

    target: Target


@rule
async def base_layers(request: BasePartsRequest) -> ImageParts:
    if request.reference is None:
        base = await Get(BuiltLayer, BaseLayerRequest(None))
        return ImageParts((base,))
    foreign = await Get(ForeignImage, ForeignImageRequest(request.reference, request.wanted_by))
    layers = tuple(BuiltLayer(foreign.blobs, layer) for layer in foreign.layers)
    return ImageParts(layers, foreign.env)


@rule
async def serving_layer(request: ServingPartsRequest, modelyard: Modelyard) -> ImageParts:
    if request.runtime == STANDALONE:
        serving = await Get(BuiltLayer, ServerLayerRequest())
    else:
        onbuild = await Get(
            ForeignImage, ForeignImageRequest(modelyard.nuclio_onbuild, request.wanted_by)
        )
        serving = await Get(
            BuiltLayer,
            LayerRequest(NUCLIO, ("nuclio", "--from", "."), onbuild.digest, request.wanted_by),
        )
    return ImageParts((serving,))


@rule
async def function_layers(request: FunctionPartsRequest) -> ImageParts:
    target = request.target
    address = target.address
    direct = await Get(Targets, DependenciesRequest(target[VariantDependenciesField]))
    code = only(direct, ModelSources).address
    transitive = await Get(TransitiveTargets, TransitiveTargetsRequest([code]))
    # The same files that `#<variant>-srcs` packs, without having to wait for the PEX.
    sources, dependencies, assets, spec, model_class = await MultiGet(
        Get(StrippedPythonSourceFiles, PythonSourceFilesRequest(transitive.closure)),
        Get(
            DependencyLayers,
            DependencyLayersRequest(only(direct, PexBinary), code, address),
        ),
        Get(Assets, AssetsRequest(only(direct, ModelAssets))),
        Get(NuclioSpecFile, NuclioSpecRequest(only(direct, NuclioSpec))),
        Get(ModelClass, ModelClassRequest(target)),
    )
    if assets.blocked:
        raise InvalidTargetException(f"{address} cannot be built: {assets.blocked}")
    package = model_class.package
    srcs = await Get(Digest, AddPrefix(sources.stripped_source_files.snapshot.digest, "srcs"))
    # Separate, so that an edit of the handler does not change the layer below.
    weights, model, handler, library = await MultiGet(
        Get(Snapshot, DigestSubset(assets.digest, PathGlobs(["weights/**"]))),
        Get(Digest, DigestSubset(assets.digest, PathGlobs([MODEL]))),
        Get(Digest, DigestSubset(srcs, PathGlobs([f"srcs/{package}/**"]))),
        Get(Digest, DigestSubset(srcs, PathGlobs(["srcs/**", f"!srcs/{package}/**"]))),
    )
    inputs = await Get(Digest, MergeDigests([handler, model, spec.digest]))
    files = ("files", "--name", "weights", "--at", "opt/modelyard/weights", "--from", "weights")
    own = ("--sources", "srcs", "--package", package)
    function = ("function", *own, "--model", MODEL, "--spec", CONFIG)
    above = await MultiGet(
        *(
            Get(BuiltLayer, LayerRequest("weights", files, weights.digest, address))
            for _ in weights.files[:1]
        ),
        Get(BuiltLayer, LayerRequest("lib", ("library", *own), library, address)),
        Get(BuiltLayer, LayerRequest("srcs", function, inputs, address)),
    )
    return ImageParts((*dependencies.layers, *above))


def rules() -> Iterable[Any]:
    return collect_rules()
