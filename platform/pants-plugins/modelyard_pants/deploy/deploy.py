"""The deployer: `./pants run //:deploy` for all functions, `experimental-deploy` for chosen ones.

Commands that only inspect or stop what is running need no build, so they work even if the
repository does not build.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Iterable

from pants.core.goals.deploy import DeployFieldSet, DeployProcess
from pants.core.goals.run import RunFieldSet, RunInSandboxBehavior, RunRequest, RunSubsystem
from pants.engine.addresses import Addresses, UnparsedAddressInputs
from pants.engine.env_vars import EnvironmentVars, EnvironmentVarsRequest
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import WrappedTarget, WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict

from modelyard_contract import variables
from modelyard_pants.common.lookups import option_address
from modelyard_pants.common.runnable import RunnableModule, in_workspace
from modelyard_pants.deploy.targets import DeployMarkerField
from modelyard_pants.function.resources import GpusField
from modelyard_pants.release.all_releases import AllReleases
from modelyard_pants.release.bundle import ReleaseBundle, ReleaseBundleRequest
from modelyard_pants.release.targets import ReleaseMarkerField
from modelyard_pants.subsystem import Modelyard

_COMMANDS_THAT_BUILD = ("apply", "plan", "prune", "render")
_DEPLOYER = "modelyard_tools.deployer"
_BUNDLE = "bundle"
# Variables that the deployer needs if Pants starts it without the user's environment.
_DEPLOYER_ENV = (
    "DOCKER_CONFIG",
    "DOCKER_HOST",
    "HOME",
    "LANG",
    variables.HOME,
    variables.NUCLIO_DASHBOARD,
    variables.PORT,
    variables.TARGET,
    "PATH",
    "TERM",
    "XDG_STATE_HOME",
)


@dataclass(frozen=True)
class RunDeployFieldSet(RunFieldSet):
    required_fields = (DeployMarkerField,)
    run_in_sandbox_behavior = RunInSandboxBehavior.NOT_SUPPORTED

    marker: DeployMarkerField


@dataclass(frozen=True)
class DeployReleaseFieldSet(DeployFieldSet):
    required_fields = (ReleaseMarkerField,)

    marker: ReleaseMarkerField


@dataclass(frozen=True)
class DeployerRequest:
    """The deployer with the releases it works on; None for a command that does not need any."""

    bundle: ReleaseBundle | None


@dataclass(frozen=True)
class DebugRequest:
    """The deployer with the arguments for `debug` of the function of that name."""

    name: str


def needs_releases(arguments: tuple[str, ...]) -> bool:
    """Whether the deployer's command, its first argument, works on releases.

    Options without a command are those of `apply`; their values are not commands.
    """
    command = next(iter(arguments), "apply")
    return command.startswith("-") or command in _COMMANDS_THAT_BUILD


@rule
async def prepare_deployer(request: DeployerRequest, modelyard: Modelyard) -> RunRequest:
    addresses = await Get(Addresses, UnparsedAddressInputs, option_address("deployer", modelyard))
    if request.bundle is None:
        return await Get(RunRequest, RunnableModule(addresses, _DEPLOYER))
    root = f"{{chroot}}/{_BUNDLE}"
    platform_pex = f"{root}/{request.bundle.platform_pex}"
    return await Get(
        RunRequest,
        RunnableModule(
            addresses,
            _DEPLOYER,
            arguments=("--releases", root, "--platform-pex", platform_pex),
            immutable=FrozenDict({_BUNDLE: request.bundle.digest}),
        ),
    )


@rule(desc="Build the releases to deploy")
async def run_deploy(_: RunDeployFieldSet, run: RunSubsystem, modelyard: Modelyard) -> RunRequest:
    if len(run.args) > 1 and run.args[0] == "debug" and not run.args[1].startswith("-"):
        # Build only that function.
        return await Get(RunRequest, DebugRequest(run.args[1]))
    if not needs_releases(tuple(run.args)):
        return await Get(RunRequest, DeployerRequest(None))
    releases = await Get(AllReleases)
    targets = releases.targets
    if not modelyard.gpu:
        # Their dependencies take gigabytes to build, and could not run here.
        targets = tuple(target for target in targets if not target[GpusField].value)
    bundle = await Get(ReleaseBundle, ReleaseBundleRequest(targets))
    return await Get(RunRequest, DeployerRequest(bundle))


@rule(desc="Build the release to deploy")
async def deploy_release(field_set: DeployReleaseFieldSet, _: AllReleases) -> DeployProcess:
    wrapped = await Get(
        WrappedTarget, WrappedTargetRequest(field_set.address, description_of_origin="deploy")
    )
    bundle = await Get(ReleaseBundle, ReleaseBundleRequest((wrapped.target,)))
    deployer = await Get(RunRequest, DeployerRequest(bundle))
    environment = await Get(EnvironmentVars, EnvironmentVarsRequest(_DEPLOYER_ENV))
    # A function that was chosen and cannot be deployed is a failure.
    deployer = dataclasses.replace(deployer, args=(*deployer.args, "apply", "--strict"))
    return DeployProcess(name=field_set.address.spec, process=in_workspace(deployer, environment))


def rules() -> Iterable[Any]:
    return (
        *collect_rules(),
        *RunDeployFieldSet.rules(),
        UnionRule(DeployFieldSet, DeployReleaseFieldSet),
    )
