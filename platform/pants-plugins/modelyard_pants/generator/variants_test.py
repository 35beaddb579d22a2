"""The settings that each variant of a function gets."""

from __future__ import annotations

import pytest
from pants.backend.python.target_types import PythonResolveField
from pants.engine.addresses import Address
from pants.engine.target import AllTargets
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants.function.identity import DisplayNameField, FunctionNameField, HandlerField
from modelyard_pants.function.serving import WorkersField
from modelyard_pants.function.target_spec import function_port
from modelyard_pants.function.variants import VariantDependenciesField
from modelyard_pants.sources.targets import ModelSourcesEntryPointField
from modelyard_pants.testing.build_files import PATH, edited, refusal, write
from modelyard_pants.testing.runner import FUNCTION, function_rule_runner


@pytest.fixture(scope="module")
def runner() -> RuleRunner:
    return function_rule_runner(QueryRule(AllTargets, []))


def test_another_variant_has_its_own_name_port_and_settings(runner: RuleRunner) -> None:
    write(
        runner,
        FUNCTION.format(
            extra='variants={"cpu": {}, "gpu": {"resolve": "openvino", "workers": 2}},'
        ),
    )
    cpu = runner.get_target(Address(PATH, generated_name="cpu"))
    gpu = runner.get_target(Address(PATH, generated_name="gpu"))
    assert (cpu[FunctionNameField].value, gpu[FunctionNameField].value) == ("f", "f-gpu")
    assert gpu[DisplayNameField].value == "F (GPU)"
    assert (cpu[WorkersField].value, gpu[WorkersField].value) == (1, 2)
    assert function_port(cpu) != function_port(gpu)
    dependencies = gpu[VariantDependenciesField].value or ()
    assert dependencies[0] == "3rdparty/python/openvino:deps"


def test_a_variant_may_have_its_own_handler_in_its_own_resolve(
    runner: RuleRunner,
) -> None:
    extra = 'variants={"cpu": {}, "bare": {"resolve": "default", "handler": "bare.py:Bare"}},'
    write(runner, FUNCTION.format(extra=extra))
    for name, file, resolve in (("cpu", "handler.py", "openvino"), ("bare", "bare.py", "default")):
        sources = runner.get_target(Address(PATH, generated_name=f"{name}-srcs"))
        entry_point = sources[ModelSourcesEntryPointField].value
        assert entry_point is not None
        assert (entry_point.module, sources[PythonResolveField].value) == (file, resolve)
        assets = runner.get_target(Address(PATH, generated_name=f"{name}-assets"))
        assert assets[HandlerField].file == file


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ('variants={"tpu": {}},', "no resolve is known for openvino-tpu"),
        ('variants={"cpu": {"resolve": "x"}},', "is 'x'; accepted: default, openvino"),
        ('variants={"cpu": {"workers": 0}},', "workers"),
    ],
)
def test_a_variant_that_cannot_be_built_is_refused(
    runner: RuleRunner, extra: str, message: str
) -> None:
    assert message in refusal(runner, edited("{extra}", extra))
