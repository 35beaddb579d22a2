"""The packages of a resolve as layers: what is large has its own, the rest shares one.

A new requirement, or a new version of one, then makes the layers of what it changes and no other.
The layer of a large package is made of its wheel alone, so resolves with the same one share it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Iterable

from pants.engine.addresses import Address
from pants.engine.fs import (
    AddPrefix,
    Digest,
    DigestEntries,
    DigestSubset,
    FileEntry,
    PathGlobs,
    RemovePrefix,
)
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import Target

from modelyard.goals.release import FunctionPex, FunctionPexRequest
from modelyard.util_rules.layers import BuiltLayer, LayerRequest

_SOURCES = "opt/modelyard/srcs"
# Where a PEX keeps its installed wheels, one file or folder each.
_WHEELS = ".deps"
# Compressed. Engines allow some hundred layers, and no resolve has twenty packages of this size.
_LARGE = 4_000_000


@dataclass(frozen=True)
class DependencyLayersRequest:
    """The layers of the `pex_binary` that holds a resolve's packages; it is named `name`."""

    pex: Target
    name: str
    wanted_by: Address


@dataclass(frozen=True)
class DependencyLayers:
    """The layers, the lowest first."""

    layers: tuple[BuiltLayer, ...]


@rule
async def dependency_layers(request: DependencyLayersRequest) -> DependencyLayers:
    pex = await Get(FunctionPex, FunctionPexRequest(request.pex, request.name))
    wheels = PurePath(request.name, _WHEELS)
    large = large_wheels(await Get(DigestEntries, Digest, pex.digest), wheels)
    globs = {wheel: (f"{wheels / wheel}", f"{wheels / wheel}/**") for wheel in large}
    others = (f"!{glob}" for pair in globs.values() for glob in pair)
    rest, *apart = await MultiGet(
        Get(Digest, DigestSubset(pex.digest, PathGlobs(["**", *others]))),
        *(Get(Digest, DigestSubset(pex.digest, PathGlobs(pair))) for pair in globs.values()),
    )
    # Not a word of the resolve is in what they are made of.
    bare = await MultiGet(Get(Digest, RemovePrefix(digest, str(wheels))) for digest in apart)
    inputs = await MultiGet(Get(Digest, AddPrefix(digest, "wheels")) for digest in bare)
    environment = ("environment", "--pex", request.name, "--name", "deps", "--path", _SOURCES)
    wanted = (
        *(_wheel_layer(wheel, digest, request.wanted_by) for wheel, digest in zip(large, inputs)),
        LayerRequest("deps", environment, rest, request.wanted_by),
    )
    built = await MultiGet(Get(BuiltLayer, LayerRequest, item) for item in wanted)
    # Of some packages an image keeps nothing.
    return DependencyLayers(tuple(layer for layer in built if layer.description.files_size))


def large_wheels(entries: Iterable[Any], wheels: PurePath) -> tuple[str, ...]:
    """Return the names of what is large in the folder `wheels`, in the order of names."""
    sizes: dict[str, int] = defaultdict(int)
    depth = len(wheels.parts)
    for entry in entries:
        parts = PurePath(entry.path).parts
        if isinstance(entry, FileEntry) and parts[:depth] == wheels.parts:
            sizes[parts[depth]] += entry.file_digest.serialized_bytes_length
    return tuple(sorted(wheel for wheel, size in sizes.items() if size >= _LARGE))


def _wheel_layer(wheel: str, inputs: Digest, wanted_by: Address) -> LayerRequest:
    name = "deps-" + wheel.partition("-")[0].lower()
    return LayerRequest(
        name, ("packages", "--name", name, "--from", "wheels", "--into", "deps"), inputs, wanted_by
    )


def rules() -> Iterable[Any]:
    return collect_rules()
