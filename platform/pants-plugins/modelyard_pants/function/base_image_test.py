"""Base images that are refused."""

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
    ("value", "accepted"),
    [
        ("python:3.11", "docker-archive:"),
        ("docker://registry.example.org/python:3.11", "needs a digest"),
        ("oci:a folder", "docker-archive:"),
    ],
)
def test_an_unusable_reference_is_refused(runner: RuleRunner, value: str, accepted: str) -> None:
    message = refusal(runner, edited("{extra}", f"base_image={value!r},"))
    assert "base_image" in message
    assert accepted in message
