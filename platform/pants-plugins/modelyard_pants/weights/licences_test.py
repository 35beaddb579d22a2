from __future__ import annotations

import pytest
from pants.engine.addresses import Address
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.rules import QueryRule
from pants.testutil.rule_runner import RuleRunner

from modelyard_pants.testing.runner import FUNCTION, function_rule_runner
from modelyard_pants.weights.licences import Licences, LicencesRequest

FOLDER = "functions/openvino/f"
WEIGHTS = """
model_weights(
    name="{name}",
    source="https://example.org/{name}.pth",
    origin="these tests",
    {fields}
)
"""
STATED = 'licence="MIT", licence_stated_at="https://example.org/{name}",'


@pytest.fixture
def rule_runner() -> RuleRunner:
    return function_rule_runner(QueryRule(Licences, [LicencesRequest]))


def _licences(runner: RuleRunner, fields: dict[str, str], extra: str = "") -> Licences:
    """The licences of a function, stated as MIT, with these weights."""
    names = ", ".join(f'":{name}"' for name in fields)
    function = FUNCTION.format(extra=f"weights=[{names}], {extra}")
    weights = [
        WEIGHTS.format(name=name, fields=text.format(name=name)) for name, text in fields.items()
    ]
    runner.write_files({f"{FOLDER}/BUILD": "".join([function, *weights])})
    target = runner.get_target(Address(FOLDER, target_name="f", generated_name="cpu-assets"))
    return runner.request(Licences, [LicencesRequest(target)])


def test_sources_of_licences_and_the_licence_of_the_code(rule_runner: RuleRunner) -> None:
    other = STATED + 'code_licence="GPL-3.0-only",'
    assert _licences(rule_runner, {"b": STATED, "a": other}) == Licences(
        stated_at=("https://example.org/a", "https://example.org/b"), code="GPL-3.0-only"
    )


def test_a_function_without_pinned_weights_may_state_any_licence(rule_runner: RuleRunner) -> None:
    assert _licences(rule_runner, {}) == Licences(stated_at=(), code="")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            'licence="CC-BY-SA-3.0", licence_stated_at="here",',
            "f#cpu-assets: the field `licence` is 'MIT'; its weights have 'CC-BY-SA-3.0'; "
            "use that, or correct theirs",
        ),
        ('licence="MIT",', "licence_stated_at"),
        ('licence="MIT", licence_stated_at="",', "`licence_stated_at` is ''; one line of text"),
        ('licence="MIT", licence_stated_at="a\\nb",', "`licence_stated_at` is 'a\\nb'; one line"),
        ('licence="", licence_stated_at="here",', "`licence` is ''; one line of text"),
        (STATED + 'code_licence=" ",', "`code_licence` is ' '; one line of text"),
    ],
)
def test_a_licence_that_cannot_be_verified_is_refused(
    rule_runner: RuleRunner, fields: str, message: str
) -> None:
    with pytest.raises(ExecutionError) as error:
        _licences(rule_runner, {"w": fields})
    assert any(message in line for line in str(error.value).splitlines()), error.value
