"""Releases as the deployer reads them, with the platform it installs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Iterable

from pants.engine.fs import AddPrefix, CreateDigest, Digest, FileContent, MergeDigests
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import Target

from modelyard_contract.release import DEPENDENCIES, INDEX, INDEX_SCHEMA, MANIFEST, RELEASES, Index
from modelyard_pants.common.option_pexes import OptionPex, OptionPexRequest
from modelyard_pants.release.release import Release, ReleaseRequest

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


@rule
async def bundle_releases(request: ReleaseBundleRequest) -> ReleaseBundle:
    built = await MultiGet(Get(Release, ReleaseRequest(target)) for target in request.targets)
    platform = await Get(OptionPex, OptionPexRequest(_PLATFORM))
    folders = [f"{RELEASES}/{release.name}/{release.variant}" for release in built]
    index: Index = {
        "schema": INDEX_SCHEMA,
        "releases": sorted(f"{folder}/{MANIFEST}" for folder in folders),
    }
    content = json.dumps(index, indent=1).encode()
    shared = {release.resolve: release.dependencies for release in built if release.dependencies}
    parts = await MultiGet(
        Get(Digest, CreateDigest([FileContent(INDEX, content)])),
        Get(Digest, AddPrefix(platform.digest, _PLATFORM)),
        *(
            Get(Digest, AddPrefix(release.digest, folder))
            for release, folder in zip(built, folders)
        ),
        *(Get(Digest, AddPrefix(digest, DEPENDENCIES)) for digest in shared.values()),
    )
    return ReleaseBundle(
        digest=await Get(Digest, MergeDigests(parts)),
        platform_pex=str(PurePath(_PLATFORM, platform.path)),
    )


def rules() -> Iterable[Any]:
    return collect_rules()
