"""Settings for serving that are refused."""

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
    ("extra", "message"),
    [
        ("port=80,", "`port` is 80"),
        ("port=70000,", "from 1024 to 65535"),
        ('port="20000",', "port"),
        ("port=8070,", "`port` is 8070; the dashboard listens there"),
        ("port=8080,", "`port` is 8080; CVAT listens there"),
        ("workers=0,", "workers"),
        ("workers=-1,", "workers"),
        ("workers=65,", "`workers` is 65; 1 to 64"),
        ("event_timeout=0,", "`event_timeout` is 0"),
        ("event_timeout=0.5,", "seconds from 1 to 86400"),
        ('event_timeout="30s",', "`event_timeout` is '30s'; seconds"),
        ("event_timeout=True,", "`event_timeout` is True"),
        ("event_timeout=30000 * 60,", "to 86400 are accepted"),
        ("availability_timeout=-1,", "`availability_timeout` is -1"),
        ("max_body=0,", "max_body"),
        ("max_body=4 * 1024 * 1024 - 1,", "`max_body` is 4194303; bytes from 4194304"),
        ("max_body=2 * 1024**3,", "to 1073741824 (1 GiB)"),
        ("idle_timeout=-1,", "`idle_timeout` is -1"),
        ('idle_timeout="5m",', "`idle_timeout` is '5m'; seconds from 0 to 86400"),
    ],
)
def test_impossible_settings_are_refused(runner: RuleRunner, extra: str, message: str) -> None:
    assert message in refusal(runner, edited("{extra}", extra))
