from __future__ import annotations

import json

import pytest
from pants.core.goals.deploy import DeployProcess
from pants.engine.addresses import Address
from pants.engine.fs import Digest, DigestContents
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants.deploy.deploy import DeployReleaseFieldSet, needs_releases
from modelyard_pants.testing.stand_ins import rule_runner_with_stand_ins


@pytest.fixture
def rule_runner() -> RuleRunner:
    runner = rule_runner_with_stand_ins(
        QueryRule(DeployProcess, [DeployReleaseFieldSet]), QueryRule(DigestContents, [Digest])
    )
    runner.write_files({"platform/tools/modelyard_tools/deployer/BUILD": "pex_binary(name='bin')"})
    return runner


def test_a_chosen_function_is_deployed_without_the_others(rule_runner: RuleRunner) -> None:
    target = rule_runner.get_target(Address("functions/openvino/a", generated_name="cpu"))
    deployed = rule_runner.request(DeployProcess, [DeployReleaseFieldSet.create(target)])
    assert deployed.name == "functions/openvino/a#cpu"
    assert deployed.process is not None
    process = deployed.process.process
    assert process.argv == (
        "modelyard_tools.deployer",
        "--releases",
        "{chroot}/bundle",
        "--platform-pex",
        "{chroot}/bundle/platform/platform.pex",
        # If it is blocked, that is a failure.
        "apply",
        "--strict",
    )
    files = rule_runner.request(DigestContents, [process.immutable_input_digests["bundle"]])
    contents = {file.path: file.content for file in files}
    assert json.loads(contents["index.json"])["releases"] == ["releases/a/cpu/manifest.json"]
    assert "deps/openvino.pex" in contents
    assert not any(path.startswith("releases/b") for path in contents)


@pytest.mark.parametrize(
    ("arguments", "builds"),
    [
        ((), True),
        (("apply",), True),
        (("prune",), True),
        (("plan", "--json"), True),
        (("--prune",), True),
        (("status",), False),
        (("logs", "apply"), False),
        (("stop",), False),
        (("--to", "nuclio"), True),
        (("status", "--to", "nuclio"), False),
        (("render", "out"), True),
        (("doctor", "--json"), False),
        (("debug", "--help"), False),
    ],
)
def test_only_commands_that_work_on_releases_build_them(
    arguments: tuple[str, ...], builds: bool
) -> None:
    assert needs_releases(arguments) is builds
