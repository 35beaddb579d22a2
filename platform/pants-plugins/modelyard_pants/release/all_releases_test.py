"""Functions of one repository do not replace each other."""

from __future__ import annotations

import pytest
from pants.engine.internals.scheduler import ExecutionError
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants.release.all_releases import AllReleases
from modelyard_pants.testing.build_files import write
from modelyard_pants.testing.runner import FUNCTION, function_rule_runner


@pytest.fixture
def runner() -> RuleRunner:
    return function_rule_runner(QueryRule(AllReleases, []))


def test_two_functions_of_one_name_are_refused(runner: RuleRunner) -> None:
    write(runner, FUNCTION.format(extra=""))
    write(runner, FUNCTION.format(extra=""), "functions/openvino/g")
    with pytest.raises(ExecutionError, match="both named f; in Nuclio one would replace"):
        runner.request(AllReleases, [])


def test_two_functions_on_one_port_are_refused(runner: RuleRunner) -> None:
    write(runner, FUNCTION.format(extra="port=20001,"))
    write(
        runner,
        FUNCTION.format(extra='port=20001, function_name="g",'),
        "functions/openvino/g",
    )
    with pytest.raises(ExecutionError, match=r"share port 20001; set port=20002 \(free\)"):
        runner.request(AllReleases, [])
