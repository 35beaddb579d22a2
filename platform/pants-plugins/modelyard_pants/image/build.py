"""Assembles images from layers, as OCI layouts, without an engine or running anything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Iterable

from pants.engine.fs import CreateDigest, Digest, DigestSubset, FileContent, MergeDigests, PathGlobs
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import DependenciesRequest, Target, Targets

from modelyard_contract.images import (
    FUNCTION_LABEL,
    RUNTIME_LABEL,
    TYPE_LABEL,
    VARIANT_LABEL,
    VERSION_LABEL,
)
from modelyard_contract.ports import EVENTS
from modelyard_contract.version import VERSION
from modelyard_pants.common.lookups import only
from modelyard_pants.function.base_image import BaseImageField
from modelyard_pants.function.identity import (
    NOT_STATED,
    DescriptionField,
    FunctionNameField,
    FunctionTypeField,
    LicenceField,
)
from modelyard_pants.function.target_spec import function_port, function_spec
from modelyard_pants.function.variants import VariantDependenciesField, VariantField
from modelyard_pants.image.layers import BaseLayerRequest, BuiltLayer, CompressedLayerRequest
from modelyard_pants.image.oci import NUCLIO, ImageDescription, LayerDescription, render_image
from modelyard_pants.image.parts import (
    BasePartsRequest,
    FunctionPartsRequest,
    ImageParts,
    ServingPartsRequest,
)
from modelyard_pants.image.revision import SourceRevision
from modelyard_pants.image.targets import ImageRuntimeField
from modelyard_pants.nuclio.targets import NuclioSpec
from modelyard_pants.subsystem import Modelyard

_ARCHITECTURE = "amd64"
_LAYOUT = ("oci-layout", "index.json", "blobs/**")  # contract: INDEX is that of a build


@dataclass(frozen=True)
class ImageRequest:
    """The image of a target: of a function, or the base of all.

    Compressed, for registries, or not, for an engine on this machine. To the engine both have the
    same id.
    """

    target: Target
    compressed: bool


@dataclass(frozen=True)
class Image:
    """An OCI layout at the root of `digest`; `reference` is the image's name with a tag.

    `content_digest` is of its contents, whatever revision it was built from. `layers` are the
    names, lowest first. `described` is the layout without layers; `blobs` has each layer's.
    """

    digest: Digest
    described: Digest
    blobs: tuple[Digest, ...]
    reference: str
    content_digest: str
    revision: str | None
    port: int
    layers: tuple[LayerDescription, ...]


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
        # Without the descriptions that the builder wrote next to its blobs.
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
    """Return a licence in the form of the annotation, an SPDX expression."""
    return licence.replace(NOT_STATED, "NOASSERTION")


@rule(desc="Assemble the image of a function")
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
    # Concurrently: network, processor and git do not wait for each other.
    revision, base, serving, own = await MultiGet(
        Get(SourceRevision),
        Get(ImageParts, BasePartsRequest(target[BaseImageField].value, target.address)),
        Get(ImageParts, ServingPartsRequest(runtime, target.address)),
        Get(ImageParts, FunctionPartsRequest(target)),
    )
    direct = await Get(Targets, DependenciesRequest(target[VariantDependenciesField]))
    spec = await function_spec(only(direct, NuclioSpec), modelyard)
    image = ImageDescription(
        # Nuclio runs the image that function.yaml names.
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
