from __future__ import annotations

import pytest
from pants.engine.addresses import Address, Addresses
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.target import DependenciesRequest
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants.sources.targets import ModelSourcesDependenciesField
from modelyard_pants.testing.runner import FUNCTION, function_rule_runner

PATH = "functions/openvino/f"


@pytest.fixture
def rule_runner() -> RuleRunner:
    runner = function_rule_runner(QueryRule(Addresses, [DependenciesRequest]))
    runner.write_files(
        {
            f"{PATH}/BUILD": (
                'python_sources(name="lib", resolve="openvino")\n' + FUNCTION.format(extra="")
            ),
            f"{PATH}/handler.py": "",
            "lib/modelyard/serving/worker/nuclio.py": "",
            "lib/modelyard/serving/worker/main.py": "",
            "lib/modelyard/serving/worker/predict.py": "",
        }
    )
    return runner


def _dependencies(rule_runner: RuleRunner) -> set[str]:
    sources = rule_runner.get_target(Address(PATH, generated_name="cpu-srcs"))
    addresses = rule_runner.request(
        Addresses, [DependenciesRequest(sources[ModelSourcesDependenciesField])]
    )
    return {address.spec for address in addresses}


def test_the_handler_and_the_runtime_are_inferred(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "lib/modelyard/serving/worker/BUILD": (
                'python_sources(resolve=parametrize("default", "openvino"))'
            )
        }
    )
    assert _dependencies(rule_runner) == {
        f"{PATH}/handler.py:lib",
        "lib/modelyard/serving/worker/nuclio.py@resolve=openvino",
        "lib/modelyard/serving/worker/predict.py@resolve=openvino",
        "lib/modelyard/serving/worker/main.py@resolve=openvino",
    }


def test_the_error_for_a_library_without_the_resolve_explains_the_fix(
    rule_runner: RuleRunner,
) -> None:
    rule_runner.write_files(
        {"lib/modelyard/serving/worker/BUILD": 'python_sources(resolve="default")'}
    )
    with pytest.raises(ExecutionError, match="no target of the resolve `openvino` has"):
        _dependencies(rule_runner)


def test_the_error_for_a_handler_without_the_resolve_explains_the_fix(
    rule_runner: RuleRunner,
) -> None:
    rule_runner.write_files(
        {
            "lib/modelyard/serving/worker/BUILD": "python_sources(resolve='openvino')",
            f"{PATH}/BUILD": 'python_sources(name="lib")\n' + FUNCTION.format(extra=""),
        }
    )
    with pytest.raises(ExecutionError, match=r"has the module f\.handler, the handler"):
        _dependencies(rule_runner)


def test_a_head_adds_the_librarys_class_and_needs_no_handler(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "lib/modelyard/serving/worker/BUILD": "python_sources(resolve='openvino')",
            "lib/modelyard/models/BUILD": "python_sources(resolve='openvino')",
            "lib/modelyard/models/heads.py": "import shared.decode",
            "lib/shared/BUILD": "python_sources(resolve='openvino')",
            "lib/shared/decode.py": "",
            f"{PATH}/BUILD": FUNCTION.format(extra='    head="yolov8",'),
        }
    )
    assert _dependencies(rule_runner) == {
        "lib/modelyard/models/heads.py",
        "lib/modelyard/serving/worker/nuclio.py",
        "lib/modelyard/serving/worker/predict.py",
        "lib/modelyard/serving/worker/main.py",
    }
