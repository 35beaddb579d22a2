"""What the rule passes to the checker, whose findings are tested next to it."""

from __future__ import annotations

import sys

import pytest
from pants.backend.python.target_types import PythonSourcesGeneratorTarget
from pants.backend.python.target_types_rules import rules as python_target_rules
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.core.goals.lint import LintResult
from pants.core.util_rules import source_files
from pants.core.util_rules.partitions import _EmptyMetadata
from pants.engine.addresses import Address
from pants.engine.rules import collect_rules, rule
from pants.testutil.rule_runner import PYTHON_BOOTSTRAP_ENV, QueryRule, RuleRunner

from contract_lint import register
from contract_lint.rules import CONTRACT, ContractLintFieldSet, ContractLintRequest
from modelyard_pants.testing.runner import without


@rule
async def python_of_this_test(_: InterpreterConstraints) -> PythonExecutable:
    # Pants' own search needs a download. The checker also runs on this Python.
    return PythonExecutable(sys.executable)


@pytest.fixture
def runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *without(register.rules(), "find_interpreter"),
            *collect_rules(globals()),
            *python_target_rules(),
            *source_files.rules(),
            QueryRule(LintResult, [ContractLintRequest.Batch]),
        ],
        target_types=[PythonSourcesGeneratorTarget],
    )
    options = ["--source-root-patterns=['/lib', '/lib/contract']"]
    runner.set_options(options, env_inherit=PYTHON_BOOTSTRAP_ENV)
    runner.write_files({f"{CONTRACT}/ports.py": "DASHBOARD = 8070"})
    return runner


def _lint(runner: RuleRunner, name: str) -> LintResult:
    runner.write_files({"lib/BUILD": "python_sources(name='a', sources=['*.py'])"})
    target = runner.get_target(Address("lib", target_name="a", relative_file_path=name))
    batch = ContractLintRequest.Batch(
        "contract-lint", (ContractLintFieldSet.create(target),), _EmptyMetadata()
    )
    return runner.request(LintResult, [batch])


@pytest.mark.parametrize(("port", "exit_code"), [(8070, 1), (8071, 0)])
def test_a_file_is_compared_with_the_contract(
    runner: RuleRunner, port: int, exit_code: int
) -> None:
    runner.write_files({"lib/a.py": f"x = {port}"})
    result = _lint(runner, "a.py")
    assert (result.exit_code, result.stderr) == (exit_code, "")
    advice = "lib/a.py:1: 8070 is in the contract: use modelyard_contract.ports.DASHBOARD;"
    assert result.stdout.startswith(advice) == bool(exit_code)


@pytest.mark.parametrize(("count", "exit_code"), [(26, 1), (25, 0)])
def test_files_that_are_not_linted_count_towards_the_limit_of_their_folder(
    runner: RuleRunner, count: int, exit_code: int
) -> None:
    runner.write_files({f"lib/a{number:02}.py": "" for number in range(count)})
    result = _lint(runner, "a00.py")
    assert (result.exit_code, result.stderr) == (exit_code, "")
    assert result.stdout.startswith("lib/a00.py:1: 26 Python files") == bool(exit_code)
