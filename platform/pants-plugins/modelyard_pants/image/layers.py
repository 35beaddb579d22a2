"""Layers of images, each built by a sandboxed, cached process.

A layer belongs to one function (sources), or is shared by all functions with the same weights,
resolve or runtime. Shared layers have the same bytes, so they are stored and sent once.

An engine on this machine gets layers uncompressed; elsewhere they are compressed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Iterable

from pants.core.util_rules.source_files import SourceFiles, SourceFilesRequest
from pants.engine.addresses import Address, UnparsedAddressInputs
from pants.engine.env_vars import EnvironmentVars, EnvironmentVarsRequest
from pants.engine.fs import Digest, DigestContents, DigestSubset, PathGlobs
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import Target, Targets
from pants.util.frozendict import FrozenDict

from modelyard_contract import variables
from modelyard_pants.common.lookups import option_address
from modelyard_pants.common.network import NETWORK_ENV
from modelyard_pants.image.oci import PLAIN_LAYER, LayerDescription
from modelyard_pants.image.targets import ImageBaseSourceField
from modelyard_pants.image.tool import DEBS, ImageToolOutput, ImageToolRequest
from modelyard_pants.subsystem import Modelyard


@dataclass(frozen=True)
class LayerRequest:
    """The layer `name`, which `modelyard_tools.images.layers.build` builds from `inputs`."""

    name: str
    arguments: tuple[str, ...]
    inputs: Digest
    wanted_by: Address
    env: FrozenDict[str, str] = FrozenDict()


@dataclass(frozen=True)
class BuiltLayer:
    """A layer, as `blobs/sha256/<digest>` in `digest`, and the builder's description of it."""

    digest: Digest
    description: LayerDescription


@dataclass(frozen=True)
class CompressedLayerRequest:
    """A layer to compress for registries and archives; one that already is stays unchanged."""

    layer: BuiltLayer
    wanted_by: Address


@dataclass(frozen=True)
class BaseLayerRequest:
    """The base of Debian packages; None for that of `[modelyard].image_base`."""

    target: Target | None


async def _built(name: str, output: ImageToolOutput) -> BuiltLayer:
    described = await Get(DigestContents, DigestSubset(output.digest, PathGlobs([f"{name}.json"])))
    return BuiltLayer(output.digest, LayerDescription(**json.loads(described[0].content)))


@rule
async def build_layer(request: LayerRequest) -> BuiltLayer:
    tool_request = ImageToolRequest(
        request.arguments,
        request.inputs,
        f"Build the layer {request.name} of {request.wanted_by}",
        request.wanted_by,
        request.env,
    )
    return await _built(request.name, await Get(ImageToolOutput, ImageToolRequest, tool_request))


@rule
async def compress_layer(request: CompressedLayerRequest) -> BuiltLayer:
    layer, name = request.layer, request.layer.description.name
    if layer.description.media_type != PLAIN_LAYER:
        return layer
    tool_request = ImageToolRequest(
        ("compress", "--layer", f"{name}.json"),
        layer.digest,
        f"Compress the layer {name} of {request.wanted_by}",
        request.wanted_by,
    )
    return await _built(name, await Get(ImageToolOutput, ImageToolRequest, tool_request))


@rule(desc="Build the base of images")
async def build_base_layer(request: BaseLayerRequest, modelyard: Modelyard) -> BuiltLayer:
    target = request.target
    if target is None:
        targets = await Get(Targets, UnparsedAddressInputs, option_address("image_base", modelyard))
        target = targets[0]
    lock = await Get(SourceFiles, SourceFilesRequest([target[ImageBaseSourceField]]))
    environment = await Get(
        EnvironmentVars, EnvironmentVarsRequest((*NETWORK_ENV, variables.DEBIAN_MIRRORS))
    )
    return await Get(
        BuiltLayer,
        LayerRequest(
            "base",
            ("base", "--lock", lock.snapshot.files[0], "--cache", DEBS),
            lock.snapshot.digest,
            target.address,
            FrozenDict(environment),
        ),
    )


def rules() -> Iterable[Any]:
    return collect_rules()
