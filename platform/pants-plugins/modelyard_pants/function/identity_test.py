"""Names and types that are refused."""

from __future__ import annotations

import pytest
from pants.engine.target import AllTargets
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants.testing.build_files import edited, refusal
from modelyard_pants.testing.runner import function_rule_runner


@pytest.fixture(scope="module")
def runner() -> RuleRunner:
    return function_rule_runner(QueryRule(AllTargets, []))


@pytest.mark.parametrize(
    ("original", "replacement", "message"),
    [
        ('type="detector"', 'type="classifier"', "'classifier'"),
        ('type="detector",', "", "type"),
        ('framework="openvino"', 'framework="caffe"', "'caffe'"),
        (
            'framework="openvino"',
            'framework="tensorflow"',
            "must be one of ['openvino', 'pytorch'], but 'tensorflow'",
        ),
        ('display_name="F"', 'display_name=" "', "`display_name` is ' '"),
        ('display_name="F"', 'display_name="a\\nb"', "one line of text"),
        ('display_name="F"', 'display_name="a\\u2028b"', "one line of text"),
        ('description="Finds nothing",', "", "description"),
        ('description="Finds nothing"', 'description=""', "`description` is ''"),
        ('licence="MIT",', "", "licence"),
        ('origin="these tests",', "", "origin"),
        ("{extra}", 'function_name="Upper",', "`function_name` is 'Upper'"),
        ("{extra}", 'function_name="a_b",', "lowercase letters, digits"),
        ("{extra}", 'function_name="-a",', "inner dashes"),
        ("{extra}", f'function_name="{"a" * 64}",', "63 at most"),
        ("{extra}", 'function_name="dashboard",', "reserved are dashboard"),
        ("{extra}", 'function_name="platform",', "reserved are dashboard"),
        ("{extra}", 'handler="handler.txt",', "`handler` is 'handler.txt'"),
        ("{extra}", 'handler="a b.py",', "a file such as"),
        ("{extra}", 'handler="../other/handler.py",', "`handler` is '../other/handler.py'"),
        ("{extra}", 'handler="/handler.py",', "`handler` is '/handler.py'"),
    ],
)
def test_a_wrong_identity_is_refused(
    runner: RuleRunner, original: str, replacement: str, message: str
) -> None:
    assert message in refusal(runner, edited(original, replacement))
