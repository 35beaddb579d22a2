"""The targets that are generated from a function."""

from __future__ import annotations

import pytest
from pants.backend.python.target_types import PythonResolveField
from pants.engine.addresses import Address
from pants.engine.target import AllTargets, Dependencies, Tags
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants.sources.targets import ModelSourcesEntryPointField
from modelyard_pants.testing.build_files import PATH, addresses, edited, refusal, write
from modelyard_pants.testing.runner import FUNCTION, function_rule_runner

HEAD = FUNCTION.replace("{extra}", '    head="yolov8", weights=[":model"],')


@pytest.fixture(scope="module")
def runner() -> RuleRunner:
    return function_rule_runner(QueryRule(AllTargets, []))


def test_a_target_is_generated_for_each_artifact(runner: RuleRunner) -> None:
    write(runner, FUNCTION.format(extra=""))
    assert addresses(runner) == {
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


def test_images_with_a_gpu_are_tagged_heavy(runner: RuleRunner) -> None:
    variants = 'variants={"cpu": {}, "gpu": {"gpus": 1, "resolve": "openvino"}},'
    write(runner, FUNCTION.format(extra=f'    tags=["mine"], {variants}'))
    tags = {
        name: runner.get_target(Address(PATH, generated_name=name))[Tags].value
        for name in ("cpu-image", "gpu-image", "gpu-nuclio", "gpu-srcs")
    }
    assert tags == {
        "cpu-image": ("mine",),
        "gpu-image": ("mine", "heavy"),
        "gpu-nuclio": ("mine", "heavy"),
        "gpu-srcs": ("mine",),
    }


def test_the_sources_run_the_handler_in_the_resolve_of_the_variant(
    runner: RuleRunner,
) -> None:
    write(runner, FUNCTION.format(extra='    handler="net.py:Net",'))
    sources = runner.get_target(Address(PATH, generated_name="cpu-srcs"))
    entry_point = sources[ModelSourcesEntryPointField].value
    assert entry_point is not None
    assert entry_point.module == "net.py"
    assert sources[PythonResolveField].value == "openvino"


def test_only_targets_that_need_labels_and_weights_depend_on_them(
    runner: RuleRunner,
) -> None:
    build = FUNCTION.replace('labels=["cat"]', 'labels="//:set"')
    write(runner, build.format(extra='    weights=["//3rdparty/models:w"], classic=True,'))

    def dependencies(name: str) -> tuple[str, ...]:
        target = runner.get_target(Address(PATH, generated_name=name))
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


def test_the_classic_form_is_generated_on_request(runner: RuleRunner) -> None:
    variants = (
        'variants={"cpu": {}, "old": {"resolve": "openvino", "classic": False}}, classic=True,'
    )
    write(runner, FUNCTION.format(extra=variants))
    assert f"{PATH}#cpu-classic" in addresses(runner)
    assert f"{PATH}#old-classic" not in addresses(runner)


def test_a_head_runs_the_librarys_class_in_place_of_a_handler(runner: RuleRunner) -> None:
    runner.write_files({f"{PATH}/BUILD": HEAD})
    sources = runner.get_target(Address(PATH, generated_name="cpu-srcs"))
    entry_point = sources[ModelSourcesEntryPointField].value
    assert entry_point is not None
    assert entry_point.module == "modelyard.models.heads"


def test_an_unknown_field_is_refused(runner: RuleRunner) -> None:
    assert "label" in refusal(runner, edited("{extra}", 'label=["cat"],'))
