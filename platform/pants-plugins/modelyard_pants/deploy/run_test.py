"""`./pants run ::deploy -- …`: what is built for each command."""

from __future__ import annotations

from typing import Any

import pytest
from pants.core.goals.run import RunRequest, RunSubsystem
from pants.engine.addresses import Address
from pants.engine.fs import EMPTY_DIGEST
from pants.engine.target import InvalidTargetException, Target
from pants.testutil.option_util import create_goal_subsystem, create_subsystem
from pants.testutil.rule_runner import MockGet, run_rule_with_mocks

from modelyard_pants.deploy.deploy import (
    DebugRequest,
    DeployerRequest,
    RunDeployFieldSet,
    run_deploy,
)
from modelyard_pants.deploy.targets import ModelDeploy
from modelyard_pants.release.all_releases import AllReleases
from modelyard_pants.release.bundle import ReleaseBundle, ReleaseBundleRequest
from modelyard_pants.release.targets import ModelRelease
from modelyard_pants.subsystem import Modelyard

ROOT = Address("", target_name="deploy")
FIELDS = {
    "display_name": "F",
    "description": "Finds nothing",
    "type": "reid",
    "framework": "openvino",
    "licence": "MIT",
    "origin": "these tests",
    "resolve": "openvino",
}
BUNDLE = ReleaseBundle(EMPTY_DIGEST, "platform/platform.pex")
STARTED = RunRequest(digest=EMPTY_DIGEST, args=("deployer",))


def _release(variant: str, **fields: Any) -> Target:
    address = Address("functions/openvino/f", generated_name=variant)
    return ModelRelease({**FIELDS, "variant": variant, **fields}, address)


CPU, GPU = _release("cpu"), _release("gpu", gpus=1, function_name="f-gpu")


class _Build:
    """Notes what is asked for."""

    def __init__(self, *, gpu: bool = False) -> None:
        self.gpu = gpu
        self.bundled: list[str] = []
        self.deployers: list[DeployerRequest] = []
        self.debugged: list[str] = []

    def bundle(self, request: ReleaseBundleRequest) -> ReleaseBundle:
        self.bundled += [target.address.spec for target in request.targets]
        return BUNDLE

    def deployer(self, request: DeployerRequest) -> RunRequest:
        self.deployers.append(request)
        return STARTED

    def debug(self, request: DebugRequest) -> RunRequest:
        self.debugged.append(request.name)
        return STARTED

    def run(self, *words: str) -> RunRequest:
        return run_rule_with_mocks(
            run_deploy,
            rule_args=[
                RunDeployFieldSet.create(ModelDeploy({}, ROOT)),
                create_goal_subsystem(RunSubsystem, args=list(words)),
                create_subsystem(Modelyard, gpu=self.gpu),
            ],
            mock_gets=[
                MockGet(RunRequest, (DebugRequest,), self.debug),
                MockGet(RunRequest, (DeployerRequest,), self.deployer),
                MockGet(AllReleases, (), lambda: AllReleases((CPU, GPU))),
                MockGet(ReleaseBundle, (ReleaseBundleRequest,), self.bundle),
            ],
        )


@pytest.mark.parametrize("words", [(), ("plan",), ("apply", "f"), ("--to", "nuclio")])
@pytest.mark.parametrize(
    ("gpu", "bundled"),
    [
        # What needs a GPU takes gigabytes to build, and runs only where there is one.
        (False, ["functions/openvino/f#cpu"]),
        (True, ["functions/openvino/f#cpu", "functions/openvino/f#gpu"]),
    ],
)
def test_a_deploy_builds_what_can_run_here(
    words: tuple[str, ...], gpu: bool, bundled: list[str]
) -> None:
    build = _Build(gpu=gpu)
    assert build.run(*words) == STARTED
    assert build.bundled == bundled
    assert build.deployers == [DeployerRequest(BUNDLE)]


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("stop",),
        ("logs", "coco-ssd"),
        ("invoke", "coco-ssd", "cat.jpg"),
        ("doctor",),
        # Without a function, the deployer itself says how it is used.
        ("debug",),
        ("debug", "--help"),
    ],
)
def test_to_look_at_what_runs_nothing_is_built(words: tuple[str, ...]) -> None:
    build = _Build()
    assert build.run(*words) == STARTED
    assert build.deployers == [DeployerRequest(None)]
    assert (build.bundled, build.debugged) == ([], [])


@pytest.mark.parametrize("words", [("debug", "coco-ssd"), ("debug", "coco-ssd", "--port", "9")])
def test_to_debug_a_function_it_alone_is_built(words: tuple[str, ...]) -> None:
    build = _Build()
    assert build.run(*words) == STARTED
    assert build.debugged == ["coco-ssd"]
    assert (build.bundled, build.deployers) == ([], [])


def test_the_platform_of_a_deploy_target_is_one_that_there_is() -> None:
    assert RunDeployFieldSet.create(ModelDeploy({}, ROOT)).marker.value == "embedded"
    with pytest.raises(InvalidTargetException, match="'cloud'"):
        ModelDeploy({"platform": "cloud"}, ROOT)
