from __future__ import annotations

import json
import os

import pytest
from pants.base.build_environment import get_buildroot
from pants.core.goals.run import RunRequest
from pants.engine.addresses import Address
from pants.engine.fs import Digest, DigestContents
from pants.engine.internals.scheduler import ExecutionError
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants.deploy.deploy import DebugRequest
from modelyard_pants.deploy.serve import ServeFieldSet
from modelyard_pants.testing.stand_ins import rule_runner_with_stand_ins


@pytest.fixture
def runner() -> RuleRunner:
    runner = rule_runner_with_stand_ins(
        QueryRule(RunRequest, [ServeFieldSet]),
        QueryRule(RunRequest, [DebugRequest]),
        QueryRule(DigestContents, [Digest]),
    )
    runner.write_files({"platform/tools/modelyard_tools/deployer/BUILD": "pex_binary(name='bin')"})
    return runner


def _assert_of_a_alone(runner: RuleRunner, request: RunRequest) -> None:
    """The deployer with the release of `a`, and the folders that its modules come from."""
    assert request.args[:3] == ("modelyard_tools.deployer", "--releases", "{chroot}/bundle")
    roots = [os.path.join(get_buildroot(), root) for root in ("functions/openvino", "lib")]
    assert request.args[5:9] == ("--source-root", roots[0], "--source-root", roots[1])
    # Where an edit of its labels will be noticed.
    assert request.args[9:11] == ("--labels", os.path.join(get_buildroot(), "lib/labels/pets.json"))
    assert request.immutable_input_digests is not None
    bundle = runner.request(DigestContents, [request.immutable_input_digests["bundle"]])
    index = next(file.content for file in bundle if file.path == "index.json")
    assert json.loads(index)["releases"] == ["releases/a/cpu/manifest.json"]


def test_a_function_is_served_from_its_build_and_the_working_copy(runner: RuleRunner) -> None:
    target = runner.get_target(Address("functions/openvino/a", generated_name="cpu"))
    served = runner.request(RunRequest, [ServeFieldSet.create(target)])
    _assert_of_a_alone(runner, served)
    assert served.args[11:] == ("serve",)


def test_a_function_is_debugged_with_its_own_debugger(runner: RuleRunner) -> None:
    debugged = runner.request(RunRequest, [DebugRequest("a")])
    _assert_of_a_alone(runner, debugged)
    # The user's arguments, `debug a`, follow these.
    pex = "debugger.pex"
    assert debugged.args[11:] == ("--debugger-pex", f"{{chroot}}/debugger/{pex}")
    assert debugged.immutable_input_digests is not None
    files = runner.request(DigestContents, [debugged.immutable_input_digests["debugger"]])
    assert [file.path for file in files] == [pex]


def test_an_unknown_function_cannot_be_debugged(runner: RuleRunner) -> None:
    with pytest.raises(ExecutionError, match=r"debug: no function is named 'aa'.*such as a"):
        runner.request(RunRequest, [DebugRequest("aa")])
