"""Layers of images, each built by a sandboxed, cached process.

A layer is its function's alone (sources), or shared by all functions with the same weights, the
same resolve, the same runtime. What is shared has the same bytes, so it is stored and sent once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Iterable

from pants.backend.python.target_types import EntryPoint
from pants.backend.python.util_rules.pex import VenvPex, VenvPexProcess
from pants.backend.python.util_rules.pex_from_targets import PexFromTargetsRequest
from pants.core.util_rules.source_files import SourceFiles, SourceFilesRequest
from pants.engine.addresses import Address, Addresses, UnparsedAddressInputs
from pants.engine.env_vars import EnvironmentVars, EnvironmentVarsRequest
from pants.engine.fs import (
    Digest,
    DigestContents,
    DigestSubset,
    PathGlobs,
    RemovePrefix,
)
from pants.engine.process import FallibleProcessResult
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import InvalidTargetException, Target, Targets
from pants.util.frozendict import FrozenDict
from pants.util.strutil import strip_v2_chroot_path

from modelyard.renderings.image import LayerDescription
from modelyard.subsystem import Modelyard
from modelyard.target_types import ImageBaseSourceField
from modelyard.util_rules.lookups import option_address
from modelyard.util_rules.option_pexes import OptionPex, OptionPexRequest

# What a download of Debian packages needs to know of the user's network.
_NETWORK_ENV = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "MODELYARD_DEBIAN_MIRRORS",
)
_DEBS = {"modelyard_debs": ".modelyard_debs"}


@dataclass(frozen=True)
class LayerRequest:
    """What `images.build` makes of `inputs` with `arguments`: the layer `name`."""

    name: str
    arguments: tuple[str, ...]
    inputs: Digest
    wanted_by: Address
    env: FrozenDict[str, str] = FrozenDict()


@dataclass(frozen=True)
class BuiltLayer:
    """A layer, as `blobs/sha256/<digest>` in `digest`."""

    digest: Digest
    description: LayerDescription


@dataclass(frozen=True)
class BaseLayerRequest:
    """The base of Debian packages; None is the one that `[modelyard].image_base` names."""

    target: Target | None


@dataclass(frozen=True)
class ServerLayerRequest:
    """What serves a function in a standalone image."""


@dataclass(frozen=True)
class _LayerTool:
    pass


@rule
async def layer_tool(_: _LayerTool, modelyard: Modelyard) -> VenvPex:
    addresses = await Get(
        Addresses, UnparsedAddressInputs, option_address("image_builder", modelyard)
    )
    return await Get(
        VenvPex,
        PexFromTargetsRequest(
            addresses,
            output_filename="images.build.pex",
            internal_only=True,
            main=EntryPoint("images.build"),
        ),
    )


@rule
async def build_layer(request: LayerRequest) -> BuiltLayer:
    tool = await Get(VenvPex, _LayerTool())
    result = await Get(
        FallibleProcessResult,
        VenvPexProcess(
            tool,
            argv=(*request.arguments, "--out", "out"),
            input_digest=request.inputs,
            output_directories=("out",),
            extra_env=request.env,
            append_only_caches=_DEBS,
            description=f"Build the layer {request.name} of {request.wanted_by}",
        ),
    )
    if result.exit_code != 0:
        lines = strip_v2_chroot_path(result.stderr).strip().splitlines()
        raise InvalidTargetException(f"{request.wanted_by}: {lines[-1] if lines else 'no layer'}")
    out = await Get(Digest, RemovePrefix(result.output_digest, "out"))
    described = await Get(DigestContents, DigestSubset(out, PathGlobs([f"{request.name}.json"])))
    blobs = await Get(Digest, DigestSubset(out, PathGlobs(["blobs/**"])))
    return BuiltLayer(blobs, LayerDescription(**json.loads(described[0].content)))


@rule(desc="Build the base of images")
async def build_base_layer(request: BaseLayerRequest, modelyard: Modelyard) -> BuiltLayer:
    target = request.target
    if target is None:
        targets = await Get(Targets, UnparsedAddressInputs, option_address("image_base", modelyard))
        target = targets[0]
    lock = await Get(SourceFiles, SourceFilesRequest([target[ImageBaseSourceField]]))
    environment = await Get(EnvironmentVars, EnvironmentVarsRequest(_NETWORK_ENV))
    cache = _DEBS["modelyard_debs"]
    return await Get(
        BuiltLayer,
        LayerRequest(
            "base",
            ("base", "--lock", lock.snapshot.files[0], "--cache", cache),
            lock.snapshot.digest,
            target.address,
            FrozenDict(environment),
        ),
    )


@rule
async def build_server_layer(_: ServerLayerRequest) -> BuiltLayer:
    server = await Get(OptionPex, OptionPexRequest("image_server"))
    arguments = ("environment", "--pex", server.path, "--name", "server", "--with-sources")
    return await Get(BuiltLayer, LayerRequest("server", arguments, server.digest, server.address))


def rules() -> Iterable[Any]:
    return collect_rules()
