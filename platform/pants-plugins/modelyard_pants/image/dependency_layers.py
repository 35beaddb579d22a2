"""The packages of a resolve as layers: each large one has its own, the rest share one.

A new requirement, or a new version of one, then changes only the affected layers. The layer of a
large package is made from its wheel alone, so resolves with the same wheel share it. An image has
the large packages that its function needs; the rest is small, and the same for all of a resolve.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from pants.engine.addresses import Address
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import Target

from modelyard_pants.image.layers import BuiltLayer, LayerRequest
from modelyard_pants.image.locked_packages import (
    AskedPackages,
    AskedPackagesRequest,
    LockedPackage,
    LockedPackages,
    LockedPackagesRequest,
    Pins,
    PinsRequest,
)

_SOURCES = "opt/modelyard/srcs"
# Engines allow some hundred layers, and no resolve has thirty packages of this size.
_LARGE = 10_000_000


@dataclass(frozen=True)
class DependencyLayersRequest:
    """The layers of the packages in a resolve's `pex_binary`, for the code of `sources`.

    Of large packages, only those that the code needs.
    """

    pex: Target
    sources: Address
    wanted_by: Address


@dataclass(frozen=True)
class DependencyLayers:
    """The layers, lowest first."""

    layers: tuple[BuiltLayer, ...]


@rule
async def dependency_layers(request: DependencyLayersRequest) -> DependencyLayers:
    wanted_by = request.wanted_by
    found, asked = await MultiGet(
        Get(LockedPackages, LockedPackagesRequest(request.pex, wanted_by)),
        Get(AskedPackages, AskedPackagesRequest(request.sources)),
    )
    needed = found.needed_for(asked.names)
    large = [item for item in found.packages if item.size >= _LARGE and item.name in needed]
    rest = tuple(package for package in found.packages if package.size < _LARGE)
    *apart, others = await MultiGet(
        *(Get(Pins, PinsRequest((package,))) for package in large),
        Get(Pins, PinsRequest(rest)),
    )
    environment = ("environment", "--name", "deps", "--pins", others.path, "--path", _SOURCES)
    built = await MultiGet(
        *(
            Get(BuiltLayer, LayerRequest, _layer_of(package, pins, wanted_by))
            for package, pins in zip(large, apart)
        ),
        Get(BuiltLayer, LayerRequest("deps", environment, others.digest, wanted_by, others.env)),
    )
    # An image keeps no files of some packages.
    return DependencyLayers(tuple(layer for layer in built if layer.description.files_size))


def _layer_of(package: LockedPackage, pins: Pins, wanted_by: Address) -> LayerRequest:
    name = f"deps-{package.name}"
    arguments = ("packages", "--name", name, "--pins", pins.path, "--into", "deps")
    return LayerRequest(name, arguments, pins.digest, wanted_by, pins.env)


def rules() -> Iterable[Any]:
    return collect_rules()
