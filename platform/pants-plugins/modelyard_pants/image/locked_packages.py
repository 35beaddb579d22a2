"""The packages of a resolve that a target needs, as its lock pins them.

Images are built directly from the wheels of the lock, since a PEX would first be packed and then
unpacked. Both have the same digests.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Iterable

from packaging.utils import canonicalize_name
from pants.backend.python.subsystems.repos import PythonRepos
from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.target_types import PythonRequirementsField, PythonResolveField
from pants.engine.addresses import Address
from pants.engine.env_vars import EnvironmentVars, EnvironmentVarsRequest
from pants.engine.fs import (
    CreateDigest,
    Digest,
    DigestContents,
    DigestSubset,
    FileContent,
    MergeDigests,
    PathGlobs,
    Snapshot,
)
from pants.engine.fs import GlobMatchErrorBehavior as OnNone
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import Target, TransitiveTargets, TransitiveTargetsRequest
from pants.option.global_options import GlobalOptions
from pants.util.frozendict import FrozenDict

from modelyard_pants.common.network import NETWORK_ENV
from modelyard_pants.image.tool import ImageToolOutput, ImageToolRequest

_PINS = "pins.txt"


@dataclass(frozen=True)
class LockedPackagesRequest:
    """The packages of its resolve that a target needs."""

    target: Target
    wanted_by: Address


@dataclass(frozen=True)
class LockedPackage:
    """A package's line in the lock, and the names of its dependencies.

    `size` is that of the files that an image keeps, in bytes.
    """

    name: str
    pin: str
    size: int
    needs: tuple[str, ...]


@dataclass(frozen=True)
class LockedPackages:
    """Packages in alphabetical order."""

    packages: tuple[LockedPackage, ...]

    def needed_for(self, names: Iterable[str]) -> frozenset[str]:
        """Return these names and those of all their dependencies."""
        needs = {package.name: package.needs for package in self.packages}
        found: set[str] = set()
        ring = set(names) & set(needs)
        while ring:
            found |= ring
            ring = {needed for name in ring for needed in needs[name]} - found
        return frozenset(found)


@dataclass(frozen=True)
class AskedPackagesRequest:
    """The packages that the code at `address` imports."""

    address: Address


@dataclass(frozen=True)
class AskedPackages:
    """Lines of a requirements file, and the canonical names in them."""

    requirements: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class PinsRequest:
    """These packages as a file for `modelyard_tools.images.layers.build`."""

    packages: tuple[LockedPackage, ...]


@dataclass(frozen=True)
class Pins:
    """A requirements file at `path` of `digest`, and the variables to install it with."""

    digest: Digest
    path: str
    env: FrozenDict[str, str]


@dataclass(frozen=True)
class PackageSources:
    """The variables that tell uv where packages come from."""

    env: FrozenDict[str, str]


@rule
async def package_sources(repos: PythonRepos, global_options: GlobalOptions) -> PackageSources:
    environment = await Get(EnvironmentVars, EnvironmentVarsRequest(NETWORK_ENV))
    default, *others = repos.indexes or ("",)
    env = {
        **environment,
        # Empty: without an index.
        "UV_DEFAULT_INDEX": default,
        **({"UV_INDEX": " ".join(others)} if others else {}),
        **({"UV_FIND_LINKS": ",".join(repos.find_links)} if repos.find_links else {}),
        **({"SSL_CERT_FILE": global_options.ca_certs_path} if global_options.ca_certs_path else {}),
    }
    return PackageSources(FrozenDict(env))


@rule
async def asked_packages(request: AskedPackagesRequest) -> AskedPackages:
    transitive = await Get(TransitiveTargets, TransitiveTargetsRequest([request.address]))
    asked = {
        str(requirement): canonicalize_name(requirement.project_name)
        for target in transitive.closure
        if target.has_field(PythonRequirementsField)
        for requirement in target[PythonRequirementsField].value
    }
    return AskedPackages(tuple(sorted(asked)), tuple(sorted(set(asked.values()))))


@rule(desc="Find the packages of an image")
async def locked_packages(
    request: LockedPackagesRequest, python: PythonSetup, sources: PackageSources
) -> LockedPackages:
    name = request.target[PythonResolveField].normalized_value(python)
    path = python.resolves[name]
    asked, lock = await MultiGet(
        Get(AskedPackages, AskedPackagesRequest(request.target.address)),
        Get(Snapshot, PathGlobs([path], OnNone.error, description_of_origin=f"the resolve {name}")),
    )
    content = "".join(f"{line}\n" for line in asked.requirements).encode()
    file = await Get(Digest, CreateDigest([FileContent("asked.txt", content)]))
    output = await Get(
        ImageToolOutput,
        ImageToolRequest(
            ("closure", "--lock", path, "--asked", "asked.txt"),
            await Get(Digest, MergeDigests([lock.digest, file])),
            f"Find the packages of {path} that {request.wanted_by} needs",
            request.wanted_by,
            sources.env,
        ),
    )
    [found] = await Get(DigestContents, DigestSubset(output.digest, PathGlobs(["closure.json"])))
    return LockedPackages(
        tuple(
            LockedPackage(**{**item, "needs": tuple(item["needs"])})
            for item in json.loads(found.content)
        )
    )


@rule
async def pins_of(request: PinsRequest, sources: PackageSources) -> Pins:
    content = "".join(f"{package.pin}\n" for package in request.packages).encode()
    digest = await Get(Digest, CreateDigest([FileContent(_PINS, content)]))
    return Pins(digest, _PINS, sources.env)


def rules() -> Iterable[Any]:
    return collect_rules()
