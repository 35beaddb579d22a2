"""`./pants run //:deploy`: build every release, then hand over to the deployer.

The deployer's commands that only look at or stop what is running need no build, so they work
while the repository does not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Iterable

from pants.backend.python.goals.package_pex_binary import PexBinaryFieldSet
from pants.core.goals.package import BuiltPackage, EnvironmentAwarePackageRequest
from pants.core.goals.run import RunFieldSet, RunInSandboxBehavior, RunRequest, RunSubsystem
from pants.engine.addresses import Addresses, UnparsedAddressInputs
from pants.engine.fs import AddPrefix, CreateDigest, Digest, FileContent, MergeDigests
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import Targets
from pants.util.frozendict import FrozenDict

from modelyard.goals.release import AllReleases, Release, ReleaseRequest
from modelyard.subsystem import Modelyard
from modelyard.target_types import DeployMarkerField
from modelyard.util_rules.runnable import RunnableModule

_COMMANDS_THAT_BUILD = ("apply", "plan")
_BUNDLE = "bundle"


@dataclass(frozen=True)
class DeployFieldSet(RunFieldSet):
    required_fields = (DeployMarkerField,)
    run_in_sandbox_behavior = RunInSandboxBehavior.NOT_SUPPORTED

    marker: DeployMarkerField


@dataclass(frozen=True)
class ReleaseBundle:
    """All releases as the deployer reads them, and the platform it installs."""

    digest: Digest
    platform_pex: str


def needs_releases(arguments: tuple[str, ...]) -> bool:
    """Whether the deployer's command, the first word that is no option, works on releases."""
    command = next((word for word in arguments if not word.startswith("-")), "apply")
    return command in _COMMANDS_THAT_BUILD


@rule
async def release_bundle(releases: AllReleases, modelyard: Modelyard) -> ReleaseBundle:
    built = await MultiGet(Get(Release, ReleaseRequest(target)) for target in releases.targets)
    folders = {release: f"releases/{release.name}/{release.variant}" for release in built}
    index = {
        "schema": 1,
        "releases": sorted(f"{folder}/manifest.json" for folder in folders.values()),
    }
    content = json.dumps(index, indent=1).encode()
    platform_targets = await Get(
        Targets,
        UnparsedAddressInputs(
            [modelyard.platform],
            owning_address=None,
            description_of_origin="the option [modelyard].platform",
        ),
    )
    platform, index_digest = await MultiGet(
        Get(
            BuiltPackage,
            EnvironmentAwarePackageRequest(PexBinaryFieldSet.create(platform_targets[0])),
        ),
        Get(Digest, CreateDigest([FileContent("index.json", content)])),
    )
    dependencies = {release.resolve: release.dependencies for release in built}
    parts = await MultiGet(
        *(Get(Digest, AddPrefix(release.digest, folder)) for release, folder in folders.items()),
        *(Get(Digest, AddPrefix(digest, "deps")) for digest in dependencies.values()),
        Get(Digest, AddPrefix(platform.digest, "platform")),
    )
    path = platform.artifacts[0].relpath
    assert path is not None
    digest = await Get(Digest, MergeDigests([index_digest, *parts]))
    return ReleaseBundle(digest, str(PurePath("platform", path)))


@rule(desc="Build what is to be deployed")
async def run_deploy(
    field_set: DeployFieldSet, modelyard: Modelyard, run: RunSubsystem
) -> RunRequest:
    addresses = await Get(
        Addresses,
        UnparsedAddressInputs(
            [modelyard.deployer],
            owning_address=None,
            description_of_origin="the option [modelyard].deployer",
        ),
    )
    if not needs_releases(tuple(run.args)):
        return await Get(RunRequest, RunnableModule(addresses, "deployer"))
    bundle = await Get(ReleaseBundle)
    return await Get(
        RunRequest,
        RunnableModule(
            addresses,
            "deployer",
            arguments=(
                "--releases",
                f"{{chroot}}/{_BUNDLE}",
                "--platform-pex",
                f"{{chroot}}/{_BUNDLE}/{bundle.platform_pex}",
            ),
            immutable=FrozenDict({_BUNDLE: bundle.digest}),
        ),
    )


def rules() -> Iterable[Any]:
    return (*collect_rules(), *DeployFieldSet.rules())
