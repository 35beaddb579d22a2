"""Images put together from layers, as OCI layouts. Nothing is run and no engine is needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Iterable

from pants.backend.python.target_types import PexBinary
from pants.backend.python.util_rules.python_sources import (
    PythonSourceFilesRequest,
    StrippedPythonSourceFiles,
)
from pants.engine.addresses import Address
from pants.engine.engine_aware import EngineAwareReturnType
from pants.engine.fs import (
    AddPrefix,
    CreateDigest,
    Digest,
    DigestSubset,
    FileContent,
    MergeDigests,
    PathGlobs,
    Snapshot,
)
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import (
    DependenciesRequest,
    InvalidTargetException,
    Target,
    Targets,
    TransitiveTargets,
    TransitiveTargetsRequest,
)
from pants.vcs.git import GitWorktreeRequest, MaybeGitWorktree

from modelyard_contract.images import (
    FUNCTION_LABEL,
    RUNTIME_LABEL,
    TYPE_LABEL,
    VARIANT_LABEL,
    VERSION_LABEL,
)
from modelyard_contract.ports import EVENTS
from modelyard_contract.release import CONFIG, MODEL
from modelyard_contract.version import VERSION
from modelyard_pants.fields import (
    NOT_STATED,
    BaseImageField,
    DescriptionField,
    FunctionNameField,
    FunctionTypeField,
    LicenceField,
    VariantDependenciesField,
    VariantField,
)
from modelyard_pants.goals.assets import Assets, AssetsRequest, ModelClass, ModelClassRequest
from modelyard_pants.renderings.image import (
    NUCLIO,
    STANDALONE,
    ImageDescription,
    LayerDescription,
    render_image,
)
from modelyard_pants.subsystem import Modelyard
from modelyard_pants.target_types import ImageRuntimeField, ModelAssets, ModelSources, NuclioSpec
from modelyard_pants.util_rules.codegen import (
    NuclioSpecFile,
    NuclioSpecRequest,
    function_port,
    function_spec,
)
from modelyard_pants.util_rules.dependency_layers import DependencyLayers, DependencyLayersRequest
from modelyard_pants.util_rules.foreign_images import ForeignImage, ForeignImageRequest
from modelyard_pants.util_rules.layers import (
    BaseLayerRequest,
    BuiltLayer,
    CompressedLayerRequest,
    LayerRequest,
)
from modelyard_pants.util_rules.lookups import only
from modelyard_pants.util_rules.server_layer import ServerLayerRequest

_ARCHITECTURE = "amd64"
_LAYOUT = ("oci-layout", "index.json", "blobs/**")  # contract: INDEX is that of a build


@dataclass(frozen=True)
class ImageRequest:
    """The image of a target: a function's, or the base of them all.

    Compressed as registries have it, or as an engine on this machine is given it. The engine knows
    both by the same id.
    """

    target: Target
    compressed: bool


@dataclass(frozen=True)
class Image:
    """An OCI layout at the root of `digest`; `reference` is the image's name with a tag.

    `content_digest` is of what it holds, whatever revision it was built from. `layers` are named,
    the lowest first. `described` is the layout without them, `blobs` has them one by one.
    """

    digest: Digest
    described: Digest
    blobs: tuple[Digest, ...]
    reference: str
    content_digest: str
    revision: str | None
    port: int
    layers: tuple[LayerDescription, ...]


@dataclass(frozen=True)
class SourceRevision(EngineAwareReturnType):
    """The commit that is checked out, `-dirty` where files differ from it; None without git."""

    commit: str | None

    def cacheable(self) -> bool:
        return False


@dataclass(frozen=True)
class _Parts:
    """The layers of an image, and what a foreign image below them sets."""

    layers: tuple[BuiltLayer, ...]
    base_env: tuple[str, ...] = ()


@dataclass(frozen=True)
class _BaseRequest:
    """What lies below everything: an image by its reference, or None for the repository's own."""

    reference: str | None
    wanted_by: Address


@dataclass(frozen=True)
class _ServingRequest:
    """What serves a function."""

    runtime: str
    wanted_by: Address


@dataclass(frozen=True)
class _FunctionRequest:
    """What a function itself is made of."""

    target: Target


@rule
async def source_revision() -> SourceRevision:
    git = (await Get(MaybeGitWorktree, GitWorktreeRequest())).git_worktree
    if git is None:
        return SourceRevision(None)
    changed = git.changed_files(include_untracked=True)
    return SourceRevision(git.commit_id + ("-dirty" if changed else ""))


@rule
async def base_layers(request: _BaseRequest) -> _Parts:
    if request.reference is None:
        base = await Get(BuiltLayer, BaseLayerRequest(None))
        return _Parts((base,))
    foreign = await Get(ForeignImage, ForeignImageRequest(request.reference, request.wanted_by))
    layers = tuple(BuiltLayer(foreign.blobs, layer) for layer in foreign.layers)
    return _Parts(layers, foreign.env)


@rule
async def serving_layer(request: _ServingRequest, modelyard: Modelyard) -> _Parts:
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
    return _Parts((serving,))


@rule
async def function_layers(request: _FunctionRequest) -> _Parts:
    target = request.target
    address = target.address
    direct = await Get(Targets, DependenciesRequest(target[VariantDependenciesField]))
    code = only(direct, ModelSources).address
    transitive = await Get(TransitiveTargets, TransitiveTargetsRequest([code]))
    # The very files that `#<variant>-srcs` packs. Nobody has to wait for the PEX.
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
    # Apart, so that an edit of the handler leaves the layer below it alone.
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
    return _Parts((*dependencies.layers, *above))


async def _assemble(
    request: ImageRequest, image: ImageDescription, layers: tuple[BuiltLayer, ...], port: int
) -> Image:
    if request.compressed:
        by = request.target.address
        layers = await MultiGet(
            Get(BuiltLayer, CompressedLayerRequest(layer, by)) for layer in layers
        )
    image = replace(image, layers=tuple(layer.description for layer in layers))
    rendered = render_image(image)
    described = await Get(
        Digest,
        CreateDigest(FileContent(path, content) for path, content in rendered.files.items()),
    )
    blobs = tuple(layer.digest for layer in layers)
    merged = await Get(Digest, MergeDigests([described, *blobs]))
    return Image(
        # Without what the builder noted beside its blobs.
        digest=await Get(Digest, DigestSubset(merged, PathGlobs(_LAYOUT))),
        described=described,
        blobs=blobs,
        reference=image.reference,
        content_digest=rendered.content_digest,
        revision=image.revision,
        port=port,
        layers=tuple(image.layers),
    )


def _spdx(licence: str) -> str:
    """Return a licence as the annotation takes it, which is an SPDX expression."""
    return licence.replace(NOT_STATED, "NOASSERTION")


@rule(desc="Put the image of a function together")
async def build_image(request: ImageRequest, modelyard: Modelyard) -> Image:
    target = request.target
    if not target.has_field(ImageRuntimeField):
        revision = await Get(SourceRevision)
        layer = await Get(BuiltLayer, BaseLayerRequest(target))
        reference = f"{modelyard.image_repository}/base:{target.address.target_name}"
        image = ImageDescription(
            reference=reference,
            title="Base of Modelyard's images",
            description="Debian's Python 3.11, certificates and C libraries; no shell",
            runtime="",
            architecture=_ARCHITECTURE,
            layers=(),
            env={},
            labels={},
            revision=revision.commit,
            version=modelyard.image_version,
        )
        return await _assemble(request, image, (layer,), port=EVENTS)
    runtime = str(target[ImageRuntimeField].value)
    # At once: what needs the network, what needs the processor, and git do not wait for each other.
    revision, base, serving, own = await MultiGet(
        Get(SourceRevision),
        Get(_Parts, _BaseRequest(target[BaseImageField].value, target.address)),
        Get(_Parts, _ServingRequest(runtime, target.address)),
        Get(_Parts, _FunctionRequest(target)),
    )
    direct = await Get(Targets, DependenciesRequest(target[VariantDependenciesField]))
    spec = await function_spec(only(direct, NuclioSpec), modelyard)
    image = ImageDescription(
        # What function.yaml names is what Nuclio runs.
        reference=spec.image if runtime == NUCLIO else f"{spec.image}-{runtime}",
        title=str(target[FunctionNameField].value),
        description=str(target[DescriptionField].value),
        runtime=runtime,
        architecture=_ARCHITECTURE,
        layers=(),
        env=spec.environment,
        labels={
            "org.opencontainers.image.licenses": _spdx(str(target[LicenceField].value)),
            FUNCTION_LABEL: str(target[FunctionNameField].value),
            VARIANT_LABEL: str(target[VariantField].value),
            TYPE_LABEL: str(target[FunctionTypeField].value),
            RUNTIME_LABEL: runtime,
            VERSION_LABEL: VERSION,
        },
        gpus=spec.gpus,
        revision=revision.commit,
        version=modelyard.image_version,
        base_env=base.base_env,
    )
    layers = (*base.layers, *serving.layers, *own.layers)
    return await _assemble(request, image, layers, port=function_port(target))


def rules() -> Iterable[Any]:
    return collect_rules()
