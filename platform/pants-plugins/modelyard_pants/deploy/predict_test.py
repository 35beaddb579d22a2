from __future__ import annotations

import pytest
from pants.core.goals.run import RunRequest
from pants.engine.addresses import Address
from pants.engine.fs import Digest, DigestContents
from pants.engine.internals.scheduler import ExecutionError
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants.deploy.predict import PredictFieldSet
from modelyard_pants.testing.runner import FUNCTION
from modelyard_pants.testing.stand_ins import WEIGHTS, rule_runner_with_stand_ins


@pytest.fixture
def runner() -> RuleRunner:
    return rule_runner_with_stand_ins(
        QueryRule(RunRequest, [PredictFieldSet]), QueryRule(DigestContents, [Digest])
    )


def _request(runner: RuleRunner) -> RunRequest:
    target = runner.get_target(Address("functions/openvino/a", generated_name="cpu-predict"))
    return runner.request(RunRequest, [PredictFieldSet.create(target)])


def test_the_deployed_class_is_run_with_its_assets(runner: RuleRunner) -> None:
    request = _request(runner)
    # The user's arguments, such as a picture, follow these.
    assert request.args == ("modelyard.serving.worker.predict", "--assets", "{chroot}/assets")
    assert request.immutable_input_digests is not None
    assets = runner.request(DigestContents, [request.immutable_input_digests["assets"]])
    assert {file.path for file in assets} == {"model.json", "weights/w.bin"}


def test_the_functions_variables_are_set(runner: RuleRunner) -> None:
    env = 'env={"MODELYARD_MAX_PIXELS": "250000000"},'
    function = FUNCTION.replace('"f"', '"a"').format(extra=env)
    runner.write_files(
        {
            "functions/openvino/a/BUILD": (
                f"python_sources(name='lib', resolve='openvino')\n{function}"
            )
        }
    )
    assert dict(_request(runner).extra_env) == {"MODELYARD_MAX_PIXELS": "250000000"}


def test_a_function_without_weights_cannot_run(runner: RuleRunner) -> None:
    gone = WEIGHTS.format(name="wa", sha256="0" * 64) + WEIGHTS.format(name="wb", sha256="b" * 64)
    runner.write_files({"3rdparty/models/BUILD": gone})
    message = "functions/openvino/a#cpu-predict cannot run: their server is gone"
    with pytest.raises(ExecutionError, match=message):
        _request(runner)
