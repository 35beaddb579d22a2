"""Releases as the deployer reads them, with the platform it installs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Iterable

from pants.backend.python.goals.package_pex_binary import PexBinaryFieldSet
from pants.core.goals.package import BuiltPackage, EnvironmentAwarePackageRequest
from pants.engine.addresses import UnparsedAddressInputs
from pants.engine.fs import AddPrefix, CreateDigest, Digest, FileContent, MergeDigests
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import Target, Targets

from modelyard.goals.release import Release, ReleaseRequest
from modelyard.subsystem import Modelyard
from modelyard.util_rules.lookups import option_address

INDEX_SCHEMA = 1
_DEPENDENCIES = "deps"
_PLATFORM = "platform"


@dataclass(frozen=True)
class ReleaseBundleRequest:
    """The release targets to bundle."""

    targets: tuple[Target, ...]


@dataclass(frozen=True)
class ReleaseBundle:
    """`digest` holds index.json, releases/, deps/ and platform/ at its root.

    `platform_pex` is the path of the platform's PEX in it.
    """

    digest: Digest
    platform_pex: str


@dataclass(frozen=True)
class PlatformRequest:
    pass


@dataclass(frozen=True)
class Platform:
    """The embedded platform as a PEX at `path` of `digest`."""

    digest: Digest
    path: str


@rule
async def build_platform(_: PlatformRequest, modelyard: Modelyard) -> Platform:
    targets = await Get(Targets, UnparsedAddressInputs, option_address("platform", modelyard))
    package = await Get(
        BuiltPackage, EnvironmentAwarePackageRequest(PexBinaryFieldSet.create(targets[0]))
    )
    path = package.artifacts[0].relpath
    assert path is not None
    return Platform(await Get(Digest, AddPrefix(package.digest, _PLATFORM)), path)


@rule
async def bundle_releases(request: ReleaseBundleRequest) -> ReleaseBundle:
    built = await MultiGet(Get(Release, ReleaseRequest(target)) for target in request.targets)
    platform = await Get(Platform, PlatformRequest())
    folders = [f"releases/{release.name}/{release.variant}" for release in built]
    index = {
        "schema": INDEX_SCHEMA,
        "releases": sorted(f"{folder}/manifest.json" for folder in folders),
    }
    content = json.dumps(index, indent=1).encode()
    shared = {release.resolve: release.dependencies for release in built if release.dependencies}
    parts = await MultiGet(
        Get(Digest, CreateDigest([FileContent("index.json", content)])),
        *(
            Get(Digest, AddPrefix(release.digest, folder))
            for release, folder in zip(built, folders)
        ),
        *(Get(Digest, AddPrefix(digest, _DEPENDENCIES)) for digest in shared.values()),
    )
    return ReleaseBundle(
        digest=await Get(Digest, MergeDigests([platform.digest, *parts])),
        platform_pex=str(PurePath(_PLATFORM, platform.path)),
    )


def rules() -> Iterable[Any]:
    return collect_rules()
