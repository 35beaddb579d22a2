"""The layer with the server of standalone images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from pants.backend.python.util_rules.python_sources import (
    PythonSourceFilesRequest,
    StrippedPythonSourceFiles,
)
from pants.engine.addresses import UnparsedAddressInputs
from pants.engine.fs import AddPrefix, Digest, MergeDigests
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import Targets, TransitiveTargets, TransitiveTargetsRequest

from modelyard_pants.common.lookups import option_address
from modelyard_pants.image.layers import BuiltLayer, LayerRequest
from modelyard_pants.image.locked_packages import (
    LockedPackages,
    LockedPackagesRequest,
    Pins,
    PinsRequest,
)
from modelyard_pants.subsystem import Modelyard


@dataclass(frozen=True)
class ServerLayerRequest:
    """The layer of the `pex_binary` that `[modelyard].image_server` names."""


@rule
async def build_server_layer(_: ServerLayerRequest, modelyard: Modelyard) -> BuiltLayer:
    named = option_address("image_server", modelyard)
    server = (await Get(Targets, UnparsedAddressInputs, named))[0]
    packages, transitive = await MultiGet(
        Get(LockedPackages, LockedPackagesRequest(server, server.address)),
        Get(TransitiveTargets, TransitiveTargetsRequest([server.address])),
    )
    pins, sources = await MultiGet(
        Get(Pins, PinsRequest(packages.packages)),
        Get(StrippedPythonSourceFiles, PythonSourceFilesRequest(transitive.closure)),
    )
    stripped = sources.stripped_source_files.snapshot.digest
    code = await Get(Digest, AddPrefix(stripped, "srcs"))
    return await Get(
        BuiltLayer,
        LayerRequest(
            "server",
            (
                "environment",
                "--name",
                "server",
                "--pins",
                pins.path,
                "--sources",
                "srcs",
                "--serves",
            ),
            await Get(Digest, MergeDigests([pins.digest, code])),
            server.address,
            pins.env,
        ),
    )


def rules() -> Iterable[Any]:
    return collect_rules()
