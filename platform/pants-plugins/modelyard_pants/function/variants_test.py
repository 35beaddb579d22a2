"""Names and settings of variants."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pants.engine.target import AllTargets
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants.function.variants import ARTIFACTS
from modelyard_pants.testing.build_files import edited, refusal
from modelyard_pants.testing.runner import function_rule_runner


@pytest.fixture(scope="module")
def runner() -> RuleRunner:
    return function_rule_runner(QueryRule(AllTargets, []))


def test_the_launcher_knows_every_artifact_of_a_variant() -> None:
    """Any other target of a function serves it, and is run without the daemon."""
    listed = re.findall(r"^    (\*-.*?)\) ", Path("pants").read_text(), re.MULTILINE)
    assert sorted(re.findall(r"\*-(\w+)", " ".join(listed))) == sorted(ARTIFACTS)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("variants={},", 'a mapping such as {"cpu": {}}'),
        ('variants={"CPU": {}},', "lowercase letters"),
        ('variants={"cpu-": {}},', "inner dashes"),
        ('variants={"cpu-spec": {}},', "must not end like a generated target: srcs"),
        ('variants={"cpu": {"labels": []}},', "accepted: resolve, weights"),
        ('variants={"cpu": 1},', "`variants[cpu]` is 1"),
        ('variants={"cpu": {"resolve": 1}},', "`variants[cpu][resolve]` is 1; the name"),
        ('variants={"cpu": {"weights": "//:w"}},', "`variants[cpu][weights]` is '//:w'"),
        ('variants={"cpu": {"classic": "yes"}},', "`variants[cpu][classic]` is 'yes'"),
        ("classic=1,", "classic"),
    ],
)
def test_wrong_variants_are_refused(runner: RuleRunner, extra: str, message: str) -> None:
    assert message in refusal(runner, edited("{extra}", extra))
