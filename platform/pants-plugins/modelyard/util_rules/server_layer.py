"""What serves a function in a standalone image, as a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.target_types import PythonResolveField
from pants.backend.python.util_rules.python_sources import (
    PythonSourceFilesRequest,
    StrippedPythonSourceFiles,
)
from pants.engine.addresses import Addresses, UnparsedAddressInputs
from pants.engine.fs import AddPrefix, Digest, MergeDigests
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import Targets, TransitiveTargets, TransitiveTargetsRequest

from modelyard.subsystem import Modelyard
from modelyard.util_rules.layers import BuiltLayer, LayerRequest
from modelyard.util_rules.locked_packages import (
    LockedPackages,
    LockedPackagesRequest,
    Pins,
    PinsRequest,
)
from modelyard.util_rules.lookups import option_address


@dataclass(frozen=True)
class ServerLayerRequest:
    """The layer of what `[modelyard].image_server` names."""


@rule
async def build_server_layer(
    _: ServerLayerRequest, modelyard: Modelyard, python: PythonSetup
) -> BuiltLayer:
    named = option_address("image_server", modelyard)
    server = (await Get(Targets, UnparsedAddressInputs, named))[0]
    addresses = Addresses([server.address])
    resolve = server[PythonResolveField].normalized_value(python)
    packages, transitive = await MultiGet(
        Get(LockedPackages, LockedPackagesRequest(addresses, resolve, server.address)),
        Get(TransitiveTargets, TransitiveTargetsRequest(addresses)),
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
            ("environment", "--name", "server", "--pins", pins.path, "--sources", "srcs"),
            await Get(Digest, MergeDigests([pins.digest, code])),
            server.address,
            pins.env,
        ),
    )


def rules() -> Iterable[Any]:
    return collect_rules()
