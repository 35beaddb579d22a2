from __future__ import annotations

import pytest
from pants.backend.python.target_types import PexEntryPointField, PythonResolveField
from pants.engine.addresses import Address
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.target import AllTargets, Dependencies
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard.fields import (
    DisplayNameField,
    FunctionNameField,
    VariantDependenciesField,
    WorkersField,
)
from modelyard.goals.release import AllReleases
from modelyard.testutil import FUNCTION, function_rule_runner
from modelyard.util_rules.codegen import function_port

PATH = "functions/openvino/f"


@pytest.fixture
def rule_runner() -> RuleRunner:
    return function_rule_runner(QueryRule(AllTargets, []), QueryRule(AllReleases, []))


def _write(rule_runner: RuleRunner, build: str, path: str = PATH) -> None:
    rule_runner.write_files({f"{path}/BUILD": build, f"{path}/handler.py": ""})


def _addresses(rule_runner: RuleRunner) -> set[str]:
    return {target.address.spec for target in rule_runner.request(AllTargets, [])}


def test_a_function_becomes_a_target_for_each_artifact(rule_runner: RuleRunner) -> None:
    _write(rule_runner, FUNCTION.format(extra=""))
    assert _addresses(rule_runner) == {
        f"{PATH}#cpu",
        f"{PATH}#cpu-assets",
        f"{PATH}#cpu-predict",
        f"{PATH}#cpu-spec",
        f"{PATH}#cpu-srcs",
    }


def test_the_sources_run_the_handler_in_the_resolve_of_the_variant(
    rule_runner: RuleRunner,
) -> None:
    _write(rule_runner, FUNCTION.format(extra='    handler="net.py:Net",'))
    sources = rule_runner.get_target(Address(PATH, generated_name="cpu-srcs"))
    entry_point = sources[PexEntryPointField].value
    assert entry_point is not None
    assert entry_point.module == "net.py"
    assert sources[PythonResolveField].value == "openvino"


def test_labels_and_weights_are_named_once_and_depended_on_where_they_matter(
    rule_runner: RuleRunner,
) -> None:
    build = FUNCTION.replace('labels=["cat"]', 'labels="//:set"')
    _write(rule_runner, build.format(extra='    weights=["//3rdparty/models:w"],'))

    def dependencies(name: str) -> tuple[str, ...]:
        target = rule_runner.get_target(Address(PATH, generated_name=name))
        return target[Dependencies].value or ()

    assert dependencies("cpu-assets") == ("//:set", "//3rdparty/models:w")
    assert dependencies("cpu-spec") == ("//:set",)
    assert dependencies("cpu") == (
        "3rdparty/python/openvino:deps",
        f"{PATH}#cpu-srcs",
        f"{PATH}#cpu-assets",
        f"{PATH}#cpu-spec",
    )


def test_a_further_variant_has_its_own_name_port_and_settings(rule_runner: RuleRunner) -> None:
    _write(
        rule_runner,
        FUNCTION.format(
            extra='variants={"cpu": {}, "gpu": {"resolve": "openvino", "workers": 2}},'
        ),
    )
    cpu = rule_runner.get_target(Address(PATH, generated_name="cpu"))
    gpu = rule_runner.get_target(Address(PATH, generated_name="gpu"))
    assert (cpu[FunctionNameField].value, gpu[FunctionNameField].value) == ("f", "f-gpu")
    assert gpu[DisplayNameField].value == "F (GPU)"
    assert (cpu[WorkersField].value, gpu[WorkersField].value) == (1, 2)
    assert function_port(cpu) != function_port(gpu)
    dependencies = gpu[VariantDependenciesField].value or ()
    assert dependencies[0] == "3rdparty/python/openvino:deps"


def test_two_functions_of_one_name_are_refused(rule_runner: RuleRunner) -> None:
    _write(rule_runner, FUNCTION.format(extra=""))
    _write(rule_runner, FUNCTION.format(extra=""), "functions/openvino/g")
    with pytest.raises(ExecutionError, match="both named f; in Nuclio one would replace"):
        rule_runner.request(AllReleases, [])


def test_two_functions_on_one_port_are_refused(rule_runner: RuleRunner) -> None:
    _write(rule_runner, FUNCTION.format(extra="port=20001,"))
    _write(
        rule_runner,
        FUNCTION.format(extra='port=20001, function_name="g",'),
        "functions/openvino/g",
    )
    with pytest.raises(ExecutionError, match=r"share port 20001; set port=20002 \(free\)"):
        rule_runner.request(AllReleases, [])


@pytest.mark.parametrize(
    ("original", "replacement", "message"),
    [
        ('type="detector"', 'type="classifier"', "'classifier'"),
        ('type="detector",', "", "type"),
        ('framework="openvino"', 'framework="caffe"', "'caffe'"),
        ('display_name="F"', 'display_name=" "', "`display_name` is ' '"),
        ('display_name="F"', 'display_name="a\\nb"', "one line of text"),
        ('description="Finds nothing",', "", "description"),
        ('description="Finds nothing"', 'description=""', "`description` is ''"),
        ('licence="MIT",', "", "licence"),
        ('origin="these tests",', "", "origin"),
        ('labels=["cat"]', 'labels=["cat", "cat"]', "label name 'cat' twice"),
        ('labels=["cat"]', 'labels=[{"name": "cat", "type": "box"}]', "accepted: rectangle"),
        ('labels=["cat"]', "labels=7", "`labels` is 7; the address"),
        ("{extra}", 'function_name="Upper",', "`function_name` is 'Upper'"),
        ("{extra}", 'function_name="a_b",', "lowercase letters, digits"),
        ("{extra}", 'function_name="-a",', "inner dashes"),
        ("{extra}", f'function_name="{"a" * 57}",', "56 at most"),
        ("{extra}", 'function_name="dashboard",', "Nuclio reserves"),
        ("{extra}", 'handler="handler.txt",', "`handler` is 'handler.txt'"),
        ("{extra}", 'handler="a b.py",', "a file such as"),
        ("{extra}", "port=80,", "`port` is 80"),
        ("{extra}", "port=70000,", "from 1024 to 65535"),
        ("{extra}", 'port="20000",', "port"),
        ("{extra}", "workers=0,", "workers"),
        ("{extra}", "workers=-1,", "workers"),
        ("{extra}", "event_timeout=0,", "`event_timeout` is 0"),
        ("{extra}", 'event_timeout="30s",', "a number of seconds"),
        ("{extra}", "event_timeout=30000 * 60,", "up to 86400"),
        ("{extra}", "availability_timeout=-1,", "`availability_timeout` is -1"),
        ("{extra}", "max_body=0,", "max_body"),
        ("{extra}", 'env={"A B": "x"},', "`env` is 'A B'"),
        ("{extra}", 'env={"A": "it\'s"},', "without single quotes"),
        ("{extra}", 'env={"A": 1},', "env"),
        ("{extra}", 'memory="2 GB",', "`memory` is '2 GB'"),
        ("{extra}", 'memory="lots",', "a Kubernetes quantity such as `2Gi`"),
        ("{extra}", 'cpus="0",', "`cpus` is '0'"),
        ("{extra}", "gpus=-1,", "gpus"),
        ("{extra}", 'annotations={"startswith_box": "false"},', "`annotations[startswith_box]`"),
        ("{extra}", 'annotations={"min_pos_points": "four"},', "`annotations[min_pos_points]`"),
        ("{extra}", 'annotations={"version": "two"},', "`annotations[version]` is 'two'"),
        ("{extra}", 'annotations={"supported_shape_types": ""},', "supported_shape_types"),
        ("{extra}", 'annotations={"help": "x"},', "accepted: help_message"),
        ("{extra}", 'annotations={"min_pos_points": 4},', "annotations"),
        ("{extra}", "variants={},", 'a mapping such as {"cpu": {}}'),
        ("{extra}", 'variants={"CPU": {}},', "lowercase letters"),
        ("{extra}", 'variants={"cpu": {"labels": []}},', "accepted: resolve, weights"),
        ("{extra}", 'variants={"cpu": 1},', "`variants[cpu]` is 1"),
        ("{extra}", 'variants={"tpu": {}},', "no resolve is known for openvino-tpu"),
        ("{extra}", 'variants={"cpu": {"workers": 0}},', "workers"),
        ("{extra}", 'params=["a"],', "`params` is ["),
        ("{extra}", 'label=["cat"],', "label"),
    ],
)
def test_a_wrong_build_file_is_refused_with_the_target_and_the_reason(
    rule_runner: RuleRunner, original: str, replacement: str, message: str
) -> None:
    assert original in FUNCTION
    _write(rule_runner, FUNCTION.replace(original, replacement).replace("{extra}", ""))
    with pytest.raises(ExecutionError) as error:
        rule_runner.request(AllTargets, [])
    assert message in str(error.value)
    assert PATH in str(error.value)
