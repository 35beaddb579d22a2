from __future__ import annotations

import pytest
from pants.backend.python.target_types import PythonResolveField
from pants.engine.addresses import Address
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.target import AllTargets, Dependencies, Tags
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants.fields import (
    DisplayNameField,
    FunctionNameField,
    HandlerField,
    VariantDependenciesField,
    WorkersField,
)
from modelyard_pants.goals.release import AllReleases
from modelyard_pants.target_types import ModelSourcesEntryPointField
from modelyard_pants.testutil import FUNCTION, function_rule_runner
from modelyard_pants.util_rules.codegen import function_port

PATH = "functions/openvino/f"


@pytest.fixture
def rule_runner() -> RuleRunner:
    return function_rule_runner(QueryRule(AllTargets, []), QueryRule(AllReleases, []))


@pytest.fixture(scope="module")
def shared_runner() -> RuleRunner:
    """For tests that write the one BUILD file at `PATH` anew: making a runner takes seconds."""
    return function_rule_runner(QueryRule(AllTargets, []))


def _write(rule_runner: RuleRunner, build: str, path: str = PATH) -> None:
    rule_runner.write_files({f"{path}/BUILD": build, f"{path}/handler.py": ""})


def _addresses(rule_runner: RuleRunner) -> set[str]:
    return {target.address.spec for target in rule_runner.request(AllTargets, [])}


def test_a_function_becomes_a_target_for_each_artifact(rule_runner: RuleRunner) -> None:
    _write(rule_runner, FUNCTION.format(extra=""))
    assert _addresses(rule_runner) == {
        f"{PATH}#cpu",
        f"{PATH}#cpu-assets",
        f"{PATH}#cpu-image",
        f"{PATH}#cpu-kubernetes",
        f"{PATH}#cpu-nuclio",
        f"{PATH}#cpu-predict",
        f"{PATH}#cpu-processor",
        f"{PATH}#cpu-spec",
        f"{PATH}#cpu-srcs",
    }


def test_images_with_a_gpu_are_tagged_heavy(rule_runner: RuleRunner) -> None:
    variants = 'variants={"cpu": {}, "gpu": {"gpus": 1, "resolve": "openvino"}},'
    _write(rule_runner, FUNCTION.format(extra=f'    tags=["mine"], {variants}'))
    tags = {
        name: rule_runner.get_target(Address(PATH, generated_name=name))[Tags].value
        for name in ("cpu-image", "gpu-image", "gpu-nuclio", "gpu-srcs")
    }
    assert tags == {
        "cpu-image": ("mine",),
        "gpu-image": ("mine", "heavy"),
        "gpu-nuclio": ("mine", "heavy"),
        "gpu-srcs": ("mine",),
    }


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        ("python:3.11", "docker-archive:"),
        ("docker://registry.example.org/python:3.11", "by its digest"),
        ("oci:a folder", "docker-archive:"),
    ],
)
def test_a_base_image_that_skopeo_cannot_take_is_refused(
    shared_runner: RuleRunner, value: str, accepted: str
) -> None:
    _write(shared_runner, FUNCTION.format(extra=f"    base_image={value!r},"))
    with pytest.raises(ExecutionError, match=f"base_image.*{accepted}"):
        _addresses(shared_runner)


def test_the_sources_run_the_handler_in_the_resolve_of_the_variant(
    rule_runner: RuleRunner,
) -> None:
    _write(rule_runner, FUNCTION.format(extra='    handler="net.py:Net",'))
    sources = rule_runner.get_target(Address(PATH, generated_name="cpu-srcs"))
    entry_point = sources[ModelSourcesEntryPointField].value
    assert entry_point is not None
    assert entry_point.module == "net.py"
    assert sources[PythonResolveField].value == "openvino"


def test_labels_and_weights_are_named_once_and_depended_on_where_they_matter(
    rule_runner: RuleRunner,
) -> None:
    build = FUNCTION.replace('labels=["cat"]', 'labels="//:set"')
    _write(rule_runner, build.format(extra='    weights=["//3rdparty/models:w"], classic=True,'))

    def dependencies(name: str) -> tuple[str, ...]:
        target = rule_runner.get_target(Address(PATH, generated_name=name))
        return target[Dependencies].value or ()

    assert dependencies("cpu-assets") == ("//:set", "//3rdparty/models:w")
    for rendering in ("cpu-spec", "cpu-processor", "cpu-kubernetes"):
        assert dependencies(rendering) == ("//:set",)
    assert dependencies("cpu-classic") == (
        "//:set",
        "3rdparty/python/openvino:deps",
        f"{PATH}#cpu-srcs",
        f"{PATH}#cpu-assets",
    )
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


def test_a_variant_may_have_a_handler_of_its_own_in_its_own_resolve(
    rule_runner: RuleRunner,
) -> None:
    extra = 'variants={"cpu": {}, "bare": {"resolve": "default", "handler": "bare.py:Bare"}},'
    _write(rule_runner, FUNCTION.format(extra=extra))
    for name, file, resolve in (("cpu", "handler.py", "openvino"), ("bare", "bare.py", "default")):
        sources = rule_runner.get_target(Address(PATH, generated_name=f"{name}-srcs"))
        entry_point = sources[ModelSourcesEntryPointField].value
        assert entry_point is not None
        assert (entry_point.module, sources[PythonResolveField].value) == (file, resolve)
        assets = rule_runner.get_target(Address(PATH, generated_name=f"{name}-assets"))
        assert assets[HandlerField].file == file


def test_the_classic_form_is_there_for_those_who_ask(shared_runner: RuleRunner) -> None:
    variants = (
        'variants={"cpu": {}, "old": {"resolve": "openvino", "classic": False}}, classic=True,'
    )
    _write(shared_runner, FUNCTION.format(extra=variants))
    assert f"{PATH}#cpu-classic" in _addresses(shared_runner)
    assert f"{PATH}#old-classic" not in _addresses(shared_runner)


def test_the_time_cvat_waits_is_an_option() -> None:
    rule_runner = function_rule_runner(
        QueryRule(AllTargets, []), options=["--modelyard-cvat-timeout=300"]
    )
    _write(rule_runner, FUNCTION.format(extra="event_timeout=300,"))
    assert f"{PATH}#cpu" in _addresses(rule_runner)
    _write(rule_runner, FUNCTION.format(extra="event_timeout=301,"))
    with pytest.raises(ExecutionError, match="CVAT gives up after 300 s"):
        rule_runner.request(AllTargets, [])


@pytest.mark.parametrize(
    ("extra", "warning"),
    [
        (
            'variants={"gpu": {"resolve": "openvino", "gpus": 1, "workers": 2}},',
            "#gpu: the field `workers` is 2; each worker holds its own copy",
        ),
        ("port=40000,", "#cpu: the field `port` is 40000; Linux gives out"),
    ],
)
def test_the_doubtful_is_allowed_with_a_warning(
    shared_runner: RuleRunner, caplog: pytest.LogCaptureFixture, extra: str, warning: str
) -> None:
    _write(shared_runner, FUNCTION.format(extra=extra))
    shared_runner.request(AllTargets, [])
    assert warning in caplog.text


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


# What stands in the BUILD file of a function, what is put there, and what the error says.
WRONG = [
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
    # Labels
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
    ('labels=["cat"],', "", "`labels` is (); a detector needs some"),
    ('labels=["cat"]', "labels=[str(i) * 40 for i in range(1500)]", "`labels` is '1500 labels'"),
    ('type="detector"', 'type="tracker"', "CVAT reads none of type='tracker'"),
    ('type="detector"', 'type="interactor"', "CVAT reads none of type='interactor'"),
    ('type="detector"', 'type="reid"', "CVAT reads none of type='reid'"),
    # Names
    ("{extra}", 'function_name="Upper",', "`function_name` is 'Upper'"),
    ("{extra}", 'function_name="a_b",', "lowercase letters, digits"),
    ("{extra}", 'function_name="-a",', "inner dashes"),
    ("{extra}", f'function_name="{"a" * 64}",', "63 at most"),
    ("{extra}", 'function_name="dashboard",', "reserved are dashboard"),
    ("{extra}", 'function_name="platform",', "reserved are dashboard"),
    # The model's class
    ("{extra}", 'handler="handler.txt",', "`handler` is 'handler.txt'"),
    ("{extra}", 'handler="a b.py",', "a file such as"),
    ("{extra}", 'handler="../other/handler.py",', "`handler` is '../other/handler.py'"),
    ("{extra}", 'handler="/handler.py",', "`handler` is '/handler.py'"),
    ("{extra}", 'params=["a"],', "`params` is ["),
    ("{extra}", 'params={"scale": 1e999},', "`params[scale]` is inf; strings, finite numbers"),
    ("{extra}", 'params={"set": {"a", "b"}},', "`params[set]` is {"),
    ("{extra}", 'params={"map": {1: 2}},', "`params[map]` is {1: 2}"),
    # How it is served
    ("{extra}", "port=80,", "`port` is 80"),
    ("{extra}", "port=70000,", "from 1024 to 65535"),
    ("{extra}", 'port="20000",', "port"),
    ("{extra}", "port=8070,", "`port` is 8070; the dashboard listens there"),
    ("{extra}", "port=8080,", "`port` is 8080; CVAT listens there"),
    ("{extra}", "workers=0,", "workers"),
    ("{extra}", "workers=-1,", "workers"),
    ("{extra}", "workers=65,", "`workers` is 65; 1 to 64"),
    ("{extra}", "event_timeout=0,", "`event_timeout` is 0"),
    ("{extra}", "event_timeout=0.5,", "seconds from 1 to 86400"),
    ("{extra}", 'event_timeout="30s",', "`event_timeout` is '30s'; seconds"),
    ("{extra}", "event_timeout=True,", "`event_timeout` is True"),
    ("{extra}", "event_timeout=30000 * 60,", "to 86400 are accepted"),
    ("{extra}", "event_timeout=121,", "`event_timeout` is 121.0; CVAT gives up after 120 s"),
    ("{extra}", "availability_timeout=-1,", "`availability_timeout` is -1"),
    ("{extra}", "availability_timeout=200,", "CVAT gives up after 120 s"),
    ("{extra}", "max_body=0,", "max_body"),
    ("{extra}", "max_body=4 * 1024 * 1024 - 1,", "`max_body` is 4194303; bytes from 4194304"),
    ("{extra}", "max_body=2 * 1024**3,", "to 1073741824 (1 GiB)"),
    # What it runs with
    ("{extra}", 'env={"A B": "x"},', "`env` is 'A B'"),
    ("{extra}", 'env={"A": "it\'s"},', "without single quotes"),
    ("{extra}", 'env={"A": "a\\nb"},', "on one line"),
    ("{extra}", 'env={"A": 1},', "env"),
    ("{extra}", 'env={"NUCLIO_HANDLER": "x"},', "`env` is 'NUCLIO_HANDLER'; the runtime sets it"),
    ("{extra}", 'env={"MODELYARD_DEVICE": "cuda"},', "only MODELYARD_IMAGE_CACHE and"),
    ("{extra}", 'env={"PYTHONPATH": "/x"},', "`env` is 'PYTHONPATH'"),
    ("{extra}", "idle_timeout=-1,", "`idle_timeout` is -1"),
    ("{extra}", 'idle_timeout="5m",', "`idle_timeout` is '5m'; seconds from 0 to 86400"),
    ("{extra}", 'gpu_memory="4Gi",', "`gpu_memory` is '4Gi'; only where `gpus` is 1 or more"),
    ("{extra}", 'gpu_memory="4",', "`gpu_memory` is '4'; a unit is missing"),
    ("{extra}", 'memory="2 GB",', "`memory` is '2 GB'"),
    ("{extra}", 'memory="lots",', "'lots' is not an amount of memory; write it like 512Mi"),
    ("{extra}", 'memory="2048",', "`memory` is '2048'"),
    ("{extra}", 'memory="500m",', "`memory` is '500m'"),
    ("{extra}", 'memory="64Mi",', "`memory` is '64Mi'; at least 128Mi is needed"),
    ("{extra}", 'memory="512Mi", workers=8,', "at least 1024Mi is needed"),
    ("{extra}", 'cpus="0",', "`cpus` is '0'"),
    ("{extra}", 'cpus="2Gi",', "`cpus` is '2Gi'; '2Gi' is not a number of cores"),
    ("{extra}", 'cpus="10m",', "from `100m`, a tenth of a core"),
    ("{extra}", 'cpus="2000",', "to `512` is accepted"),
    ("{extra}", "gpus=-1,", "gpus"),
    ("{extra}", "gpus=1,", '`gpus` is 1; the variant cpu has none; say variants={"cpu": {}, "gpu"'),
    # CVAT's annotations
    ("{extra}", 'annotations={"startswith_box": "false"},', "`annotations[startswith_box]`"),
    ("{extra}", 'annotations={"min_pos_points": "four"},', "`annotations[min_pos_points]`"),
    ("{extra}", 'annotations={"version": "two"},', "`annotations[version]` is 'two'"),
    ("{extra}", 'annotations={"version": "1"},', '"2" or a later protocol'),
    ("{extra}", 'annotations={"supported_shape_types": ""},', "supported_shape_types"),
    ("{extra}", 'annotations={"supported_shape_types": "tag"},', "accepted: a list such as"),
    ("{extra}", 'annotations={"help": "x"},', "accepted: help_message"),
    ("{extra}", 'annotations={"min_pos_points": 4},', "annotations"),
    (
        "{extra}",
        'annotations={"help_message": "Click"},',
        "`annotations[help_message]` is 'Click'; CVAT reads it only for type='interactor'",
    ),
    ("{extra}", 'annotations={"min_neg_points": "0"},', "not of 'detector'"),
    (
        "{extra}",
        'annotations={"supported_shape_types": "mask"},',
        "CVAT reads it only for type='tracker'",
    ),
    # Variants
    ("{extra}", "variants={},", 'a mapping such as {"cpu": {}}'),
    ("{extra}", 'variants={"CPU": {}},', "lowercase letters"),
    ("{extra}", 'variants={"cpu-": {}},', "inner dashes"),
    ("{extra}", 'variants={"cpu-spec": {}},', "may not end like what is generated: srcs"),
    ("{extra}", 'variants={"cpu": {"labels": []}},', "accepted: resolve, weights"),
    ("{extra}", 'variants={"cpu": 1},', "`variants[cpu]` is 1"),
    ("{extra}", 'variants={"tpu": {}},', "no resolve is known for openvino-tpu"),
    ("{extra}", 'variants={"cpu": {"resolve": 1}},', "`variants[cpu][resolve]` is 1; the name"),
    ("{extra}", 'variants={"cpu": {"resolve": "x"}},', "is 'x'; accepted: default, openvino"),
    ("{extra}", 'variants={"cpu": {"weights": "//:w"}},', "`variants[cpu][weights]` is '//:w'"),
    ("{extra}", 'variants={"cpu": {"classic": "yes"}},', "`variants[cpu][classic]` is 'yes'"),
    ("{extra}", 'variants={"cpu": {"workers": 0}},', "workers"),
    ("{extra}", 'variants={"cpu": {"event_timeout": 500}},', "#cpu: the field `event_timeout`"),
    (
        "{extra}",
        'variants={"cpu": {}, "b": {"resolve": "openvino", "function_name": "f"}},',
        "#b: the field `function_name` is 'f'; functions/openvino/f#cpu has that name too",
    ),
    (
        "{extra}",
        'port=20001, variants={"cpu": {}, "b": {"resolve": "openvino", "port": 20001}},',
        "share port 20001; set port=20002 (free)",
    ),
    ("{extra}", "classic=1,", "classic"),
    ("{extra}", 'label=["cat"],', "label"),
]


@pytest.mark.parametrize(("original", "replacement", "message"), WRONG)
def test_a_wrong_build_file_is_refused_with_the_target_and_the_reason(
    shared_runner: RuleRunner, original: str, replacement: str, message: str
) -> None:
    assert original in FUNCTION
    _write(shared_runner, FUNCTION.replace(original, replacement).replace("{extra}", ""))
    with pytest.raises(ExecutionError) as error:
        shared_runner.request(AllTargets, [])
    assert any(message in line and PATH in line for line in str(error.value).splitlines()), (
        error.value
    )


def test_a_box_that_is_demanded_and_optional_is_refused(shared_runner: RuleRunner) -> None:
    build = FUNCTION.replace('"detector"', '"interactor"').replace('labels=["cat"],', "")
    annotations = '{"startswith_box": "true", "startswith_box_optional": "true"}'
    _write(shared_runner, build.format(extra=f"annotations={annotations},"))
    with pytest.raises(ExecutionError, match="not both"):
        shared_runner.request(AllTargets, [])


HEAD = FUNCTION.replace("{extra}", '    head="yolov8", weights=[":model"],')


def test_a_head_runs_the_librarys_class_in_place_of_a_handler(rule_runner: RuleRunner) -> None:
    rule_runner.write_files({f"{PATH}/BUILD": HEAD})
    sources = rule_runner.get_target(Address(PATH, generated_name="cpu-srcs"))
    entry_point = sources[ModelSourcesEntryPointField].value
    assert entry_point is not None
    assert entry_point.module == "modelyard.models.heads"


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ('head="yolov9",', "but 'yolov9' was provided"),
        ('head="yolov8", handler="net.py",', "`handler` is 'net.py'; a head takes its place"),
        (
            'head="yolov8", variants={"cpu": {"handler": "net.py"}},',
            "`variants[cpu][handler]` is 'net.py'; a head takes its place",
        ),
        ('head="yolov8", head_options=["a"],', "`head_options` is ['a']; a mapping is accepted"),
        (
            'head="yolov8", head_options={"mean": 0.5},',
            "`head_options[mean]` is 0.5; accepted: three numbers",
        ),
        (
            'head="yolov8", head_options={"colour": "rgb"},',
            "`head_options` is 'colour'; accepted: input_size",
        ),
        (
            'head="model_api", head_options={"limit": 5},',
            "`head_options` is 'limit'; accepted: channels with head=\"model_api\"",
        ),
        ('head_options={"limit": 5},', "only with a `head` to read them"),
    ],
)
def test_a_head_that_would_not_load_is_refused(
    shared_runner: RuleRunner, extra: str, message: str
) -> None:
    _write(shared_runner, FUNCTION.format(extra=extra))
    with pytest.raises(ExecutionError) as error:
        shared_runner.request(AllTargets, [])
    assert message in str(error.value)


def test_a_head_of_a_tracker_is_refused(shared_runner: RuleRunner) -> None:
    build = FUNCTION.replace('"detector"', '"tracker"').replace('labels=["cat"],', "")
    _write(shared_runner, build.format(extra='head="yolov8",'))
    with pytest.raises(ExecutionError, match='say type="detector"'):
        shared_runner.request(AllTargets, [])
