"""BUILD files of one function, valid and invalid."""

from __future__ import annotations

import pytest
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.target import AllTargets
from pants.testutil.rule_runner import RuleRunner

from modelyard_pants.testing.runner import FUNCTION

PATH = "functions/openvino/f"


def edited(original: str, replacement: str) -> str:
    """`FUNCTION` with a part replaced; `{extra}` is the place for further fields."""
    assert original in FUNCTION
    return FUNCTION.replace(original, replacement).replace("{extra}", "")


def write(runner: RuleRunner, build: str, path: str = PATH) -> None:
    """Write the BUILD file and a handler next to it."""
    runner.write_files({f"{path}/BUILD": build, f"{path}/handler.py": ""})


def addresses(runner: RuleRunner) -> set[str]:
    return {target.address.spec for target in runner.request(AllTargets, [])}


def refusal(runner: RuleRunner, build: str) -> str:
    """Return the lines of the error that refuses the BUILD file: those with its location."""
    write(runner, build)
    with pytest.raises(ExecutionError) as error:
        runner.request(AllTargets, [])
    return "\n".join(line for line in str(error.value).splitlines() if PATH in line)
