"""Inconsistent settings."""

from __future__ import annotations

import pytest
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.target import AllTargets
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants.testing.build_files import PATH, addresses, edited, refusal, write
from modelyard_pants.testing.runner import FUNCTION, function_rule_runner


@pytest.fixture(scope="module")
def runner() -> RuleRunner:
    return function_rule_runner(QueryRule(AllTargets, []))


@pytest.mark.parametrize(
    ("original", "replacement", "message"),
    [
        ('labels=["cat"],', "", "`labels` is (); a detector needs labels"),
        (
            'labels=["cat"]',
            "labels=[str(i) * 40 for i in range(1500)]",
            "`labels` is '1500 labels'",
        ),
        ('type="detector"', 'type="tracker"', "CVAT ignores labels for type='tracker'"),
        ('type="detector"', 'type="interactor"', "CVAT ignores labels for type='interactor'"),
        ('type="detector"', 'type="reid"', "CVAT ignores labels for type='reid'"),
        ("{extra}", "event_timeout=121,", "`event_timeout` is 121.0; CVAT gives up after 120 s"),
        ("{extra}", "availability_timeout=200,", "CVAT gives up after 120 s"),
        ("{extra}", 'gpu_memory="4Gi",', "`gpu_memory` is '4Gi'; only accepted with `gpus`"),
        ("{extra}", 'memory="64Mi",', "`memory` is '64Mi'; at least 128Mi is needed"),
        ("{extra}", 'memory="512Mi", workers=8,', "at least 1024Mi is needed"),
        (
            "{extra}",
            "gpus=1,",
            '`gpus` is 1; the variant cpu has no GPU; set variants={"cpu": {}, "gpu"',
        ),
        (
            "{extra}",
            'annotations={"help_message": "Click"},',
            "`annotations[help_message]` is 'Click'; CVAT reads it only for type='interactor'",
        ),
        ("{extra}", 'annotations={"min_neg_points": "0"},', "not for 'detector'"),
        (
            "{extra}",
            'annotations={"supported_shape_types": "mask"},',
            "CVAT reads it only for type='tracker'",
        ),
        ("{extra}", 'variants={"cpu": {"event_timeout": 500}},', "#cpu: the field `event_timeout`"),
        (
            "{extra}",
            'variants={"cpu": {}, "b": {"resolve": "openvino", "function_name": "f"}},',
            "#b: the field `function_name` is 'f'; functions/openvino/f#cpu has the same name",
        ),
        (
            "{extra}",
            'port=20001, variants={"cpu": {}, "b": {"resolve": "openvino", "port": 20001}},',
            "share port 20001; set port=20002 (free)",
        ),
        (
            "{extra}",
            'head="yolov8", handler="net.py",',
            "`handler` is 'net.py'; a head replaces the handler",
        ),
        (
            "{extra}",
            'head="yolov8", variants={"cpu": {"handler": "net.py"}},',
            "`variants[cpu][handler]` is 'net.py'; a head replaces the handler",
        ),
        (
            "{extra}",
            'head="model_api", head_options={"limit": 5},',
            "`head_options` is 'limit'; accepted: channels with head=\"model_api\"",
        ),
        ("{extra}", 'head_options={"limit": 5},', "only accepted with a `head`"),
    ],
)
def test_inconsistent_settings_are_refused(
    runner: RuleRunner, original: str, replacement: str, message: str
) -> None:
    assert message in refusal(runner, edited(original, replacement))


def test_a_box_that_is_required_and_optional_is_refused(runner: RuleRunner) -> None:
    build = FUNCTION.replace('"detector"', '"interactor"').replace('labels=["cat"],', "")
    annotations = '{"startswith_box": "true", "startswith_box_optional": "true"}'
    write(runner, build.format(extra=f"annotations={annotations},"))
    with pytest.raises(ExecutionError, match="not both"):
        runner.request(AllTargets, [])


def test_a_head_of_a_tracker_is_refused(runner: RuleRunner) -> None:
    build = FUNCTION.replace('"detector"', '"tracker"').replace('labels=["cat"],', "")
    write(runner, build.format(extra='head="yolov8",'))
    with pytest.raises(ExecutionError, match='set type="detector"'):
        runner.request(AllTargets, [])


@pytest.mark.parametrize(
    ("extra", "warning"),
    [
        (
            'variants={"gpu": {"resolve": "openvino", "gpus": 1, "workers": 2}},',
            "#gpu: the field `workers` is 2; each worker holds its own copy",
        ),
        ("port=40000,", "#cpu: the field `port` is 40000; Linux uses"),
    ],
)
def test_questionable_settings_are_accepted_with_a_warning(
    runner: RuleRunner, caplog: pytest.LogCaptureFixture, extra: str, warning: str
) -> None:
    write(runner, FUNCTION.format(extra=extra))
    runner.request(AllTargets, [])
    assert warning in caplog.text


def test_the_time_cvat_waits_is_an_option() -> None:
    runner = function_rule_runner(
        QueryRule(AllTargets, []), options=["--modelyard-cvat-timeout=300"]
    )
    write(runner, FUNCTION.format(extra="event_timeout=300,"))
    assert f"{PATH}#cpu" in addresses(runner)
    write(runner, FUNCTION.format(extra="event_timeout=301,"))
    with pytest.raises(ExecutionError, match="CVAT gives up after 300 s"):
        runner.request(AllTargets, [])
