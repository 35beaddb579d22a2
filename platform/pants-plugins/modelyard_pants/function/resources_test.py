"""Resources and variables that are refused."""

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
        ('env={"A B": "x"},', "`env` is 'A B'"),
        ('env={"A": "it\'s"},', "without single quotes"),
        ('env={"A": "a\\nb"},', "on one line"),
        ('env={"A": 1},', "env"),
        ('env={"NUCLIO_HANDLER": "x"},', "`env` is 'NUCLIO_HANDLER'; the runtime sets it"),
        (
            'env={"MODELYARD_DEVICE": "cuda"},',
            "only MODELYARD_IMAGE_CACHE, MODELYARD_MAX_PIXELS and",
        ),
        ('env={"PYTHONPATH": "/x"},', "`env` is 'PYTHONPATH'"),
        ('gpu_memory="4",', "`gpu_memory` is '4'; the unit is missing"),
        ('memory="2 GB",', "`memory` is '2 GB'"),
        ('memory="lots",', "'lots' is not an amount of memory; write it like 512Mi"),
        ('memory="2048",', "`memory` is '2048'"),
        ('memory="500m",', "`memory` is '500m'"),
        ('cpus="0",', "`cpus` is '0'"),
        ('cpus="2Gi",', "`cpus` is '2Gi'; '2Gi' is not a number of cores"),
        ('cpus="10m",', "from `100m`, a tenth of a core"),
        ('cpus="2000",', "to `512` is accepted"),
        ("gpus=-1,", "gpus"),
    ],
)
def test_impossible_resources_are_refused(runner: RuleRunner, extra: str, message: str) -> None:
    assert message in refusal(runner, edited("{extra}", extra))
