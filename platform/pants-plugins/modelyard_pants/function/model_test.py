"""Labels, annotations and params that are refused."""

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
        ('labels=["cat"]', 'labels=["cat", "cat"]', "label name 'cat' twice"),
        ('labels=["cat"]', 'labels=[{"name": "cat", "type": "box"}]', "accepted: rectangle"),
        ('labels=["cat"]', 'labels=[{"name": "cat", "color": "red"}]', "unknown key 'color'"),
        (
            'labels=["cat"]',
            'labels=[{"name": "c", "attributes": [{"name": "x", "values": []}]}]',
            "labels[0].attributes[0].input_type is None",
        ),
        (
            'labels=["cat"]',
            'labels=[{"name": "c", "type": "skeleton", "sublabels": ["1"]}]',
            "needs both sublabels and svg",
        ),
        ('labels=["cat"]', "labels=7", "`labels` is 7; the address"),
        ('labels=["cat"]', 'labels=""', "`labels` is ''; the address"),
        ("{extra}", 'params=["a"],', "`params` is ["),
        ("{extra}", 'params={"scale": 1e999},', "`params[scale]` is inf; strings, finite numbers"),
        ("{extra}", 'params={"set": {"a", "b"}},', "`params[set]` is {"),
        ("{extra}", 'params={"map": {1: 2}},', "`params[map]` is {1: 2}"),
        ("{extra}", 'annotations={"startswith_box": "false"},', "`annotations[startswith_box]`"),
        ("{extra}", 'annotations={"min_pos_points": "four"},', "`annotations[min_pos_points]`"),
        ("{extra}", 'annotations={"version": "two"},', "`annotations[version]` is 'two'"),
        ("{extra}", 'annotations={"version": "1"},', '"2" or a later protocol'),
        ("{extra}", 'annotations={"supported_shape_types": ""},', "supported_shape_types"),
        ("{extra}", 'annotations={"supported_shape_types": "tag"},', "accepted: a list such as"),
        ("{extra}", 'annotations={"help": "x"},', "accepted: help_message"),
        ("{extra}", 'annotations={"min_pos_points": 4},', "annotations"),
        ("{extra}", 'head="yolov9",', "but 'yolov9' was provided"),
        (
            "{extra}",
            'head="yolov8", head_options=["a"],',
            "`head_options` is ['a']; a mapping is accepted",
        ),
        (
            "{extra}",
            'head="yolov8", head_options={"mean": 0.5},',
            "`head_options[mean]` is 0.5; accepted: three numbers",
        ),
        (
            "{extra}",
            'head="yolov8", head_options={"colour": "rgb"},',
            "`head_options` is 'colour'; accepted: input_size",
        ),
        (
            "{extra}",
            'head="yolov8", head_options={"nms_treshold": 0.5},',
            "`head_options` is 'nms_treshold'; did you mean 'nms_threshold'? accepted: input_size",
        ),
    ],
)
def test_a_wrong_model_is_refused(
    runner: RuleRunner, original: str, replacement: str, message: str
) -> None:
    assert message in refusal(runner, edited(original, replacement))
