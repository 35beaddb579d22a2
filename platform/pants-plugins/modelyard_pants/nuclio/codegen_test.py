from __future__ import annotations

import json

import pytest
import yaml
from pants.core.target_types import FileSourceField
from pants.engine.addresses import Address
from pants.engine.fs import Digest, DigestContents, Snapshot
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.target import HydratedSources, HydrateSourcesRequest
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants.nuclio.codegen import NuclioSpecFile, NuclioSpecRequest
from modelyard_pants.nuclio.targets import RenderingSourceField
from modelyard_pants.testing.runner import FUNCTION, function_rule_runner

PATH = "functions/openvino/f"


@pytest.fixture
def rule_runner() -> RuleRunner:
    return function_rule_runner(
        QueryRule(HydratedSources, [HydrateSourcesRequest]),
        QueryRule(NuclioSpecFile, [NuclioSpecRequest]),
        QueryRule(Snapshot, [Digest]),
    )


def _exported(rule_runner: RuleRunner, name: str, target_name: str | None = None) -> dict:
    """The files that `export-codegen` writes for a target, by path; YAML files are parsed."""
    target = rule_runner.get_target(Address(PATH, target_name=target_name, generated_name=name))
    sources = rule_runner.request(
        HydratedSources,
        [
            HydrateSourcesRequest(
                target[RenderingSourceField],
                for_sources_types=(FileSourceField,),
                enable_codegen=True,
            )
        ],
    )
    files = rule_runner.request(DigestContents, [sources.snapshot.digest])
    return {
        file.path: yaml.safe_load(file.content) if file.path.endswith("yaml") else file.content
        for file in files
    }


def _generate(rule_runner: RuleRunner) -> dict:
    (config,) = _exported(rule_runner, "cpu-spec").values()
    return config


def test_function_yaml_is_next_to_the_function_and_matches_the_target(
    rule_runner: RuleRunner,
) -> None:
    rule_runner.write_files(
        {f"{PATH}/BUILD": FUNCTION.format(extra='workers=3, port=20123, env={"A": "b"},')}
    )
    exported = _exported(rule_runner, "cpu-spec")
    assert set(exported) == {f"{PATH}/function.yaml"}
    config = exported[f"{PATH}/function.yaml"]
    assert config["metadata"]["name"] == "f"
    assert config["metadata"]["labels"] == {"nuclio.io/project-name": "cvat"}
    assert json.loads(config["metadata"]["annotations"]["spec"]) == [
        {"name": "cat", "type": "any", "attributes": []}
    ]
    trigger = config["spec"]["triggers"]["http"]
    assert trigger["numWorkers"] == 3
    assert trigger["attributes"]["port"] == 20123
    assert config["spec"]["env"] == [{"name": "A", "value": "b"}]
    assert config["spec"]["image"] == "modelyard/f:cpu"


def test_each_form_of_each_variant_has_a_file_of_its_own(rule_runner: RuleRunner) -> None:
    variants = 'variants={"cpu": {}, "gpu": {"resolve": "openvino", "gpus": 1}},'
    rule_runner.write_files({f"{PATH}/BUILD": FUNCTION.format(extra=variants)})
    files = {
        name: {path.removeprefix(f"{PATH}/") for path in _exported(rule_runner, name)}
        for name in ("cpu-processor", "cpu-kubernetes", "gpu-spec", "gpu-processor")
    }
    assert files == {
        "cpu-processor": {"processor.yaml"},
        "cpu-kubernetes": {"kubernetes.yaml"},
        "gpu-spec": {"function-gpu.yaml"},
        "gpu-processor": {"processor-gpu.yaml", "processor-gpu.env"},
    }


def test_the_forms_are_of_the_same_function(rule_runner: RuleRunner) -> None:
    rule_runner.write_files({f"{PATH}/BUILD": FUNCTION.format(extra="workers=3, port=20123,")})
    processor = _exported(rule_runner, "cpu-processor")[f"{PATH}/processor.yaml"]
    kubernetes = _exported(rule_runner, "cpu-kubernetes")[f"{PATH}/kubernetes.yaml"]
    function = _generate(rule_runner)
    assert processor["spec"]["triggers"]["http"]["url"] == "127.0.0.1:20123"
    assert kubernetes["metadata"] == function["metadata"]
    for document in (processor, kubernetes):
        assert document["spec"]["triggers"]["http"]["numWorkers"] == 3


def test_a_second_function_in_a_folder_gets_its_own_folder(rule_runner: RuleRunner) -> None:
    second = FUNCTION.replace('name="f"', 'name="g"', 1)
    rule_runner.write_files({f"{PATH}/BUILD": FUNCTION.format(extra="") + second.format(extra="")})
    assert set(_exported(rule_runner, "cpu-spec")) == {f"{PATH}/function.yaml"}
    assert set(_exported(rule_runner, "cpu-spec", "g")) == {f"{PATH}/g/function.yaml"}


def test_in_a_release_the_file_has_the_name_the_deployer_reads(rule_runner: RuleRunner) -> None:
    variants = 'variants={"gpu": {"resolve": "openvino", "gpus": 1}},'
    rule_runner.write_files({f"{PATH}/BUILD": FUNCTION.format(extra=variants)})
    target = rule_runner.get_target(Address(PATH, generated_name="gpu-spec"))
    spec = rule_runner.request(NuclioSpecFile, [NuclioSpecRequest(target)])
    files = rule_runner.request(Snapshot, [spec.digest]).files
    assert files == ("function.yaml",)


def test_the_gpu_variant_has_the_file_name_cvat_users_know(rule_runner: RuleRunner) -> None:
    variants = 'variants={"cpu": {}, "gpu": {"resolve": "openvino", "gpus": 1}},'
    rule_runner.write_files({f"{PATH}/BUILD": FUNCTION.format(extra=variants)})
    config = _exported(rule_runner, "gpu-spec")[f"{PATH}/function-gpu.yaml"]
    assert config["metadata"]["name"] == "f-gpu"
    assert config["spec"]["resources"]["limits"] == {"nvidia.com/gpu": "1"}


def test_an_interactor_speaks_protocol_version_2(rule_runner: RuleRunner) -> None:
    build = FUNCTION.replace('"detector"', '"interactor"').replace('labels=["cat"],', "")
    build = build.format(extra='annotations={"min_pos_points": "4"},')
    rule_runner.write_files({f"{PATH}/BUILD": build})
    config = _generate(rule_runner)
    annotations = config["metadata"]["annotations"]
    assert (annotations["version"], annotations["min_pos_points"]) == ("2", "4")


def test_a_label_set_is_read_from_its_file(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            f"{PATH}/BUILD": FUNCTION.replace('["cat"]', '"//sets:pets"').format(extra=""),
            "sets/BUILD": 'label_set(name="pets", source="pets.json")',
            "sets/pets.json": '[{"id": 5, "name": "dog", "type": "mask"}]',
        }
    )
    config = _generate(rule_runner)
    assert json.loads(config["metadata"]["annotations"]["spec"]) == [
        {"id": 5, "name": "dog", "type": "mask", "attributes": []}
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[", "sets:pets: the label set cannot be used"),
        ('[{"name": "a"}, {"name": "a"}]', "label name 'a' twice"),
        ("7", "sets:pets: the label set cannot be used"),
        ("[]", "sets:pets: the label set cannot be used: it is empty"),
        pytest.param(
            json.dumps([f"a rather long label name {i}" for i in range(1500)]),
            "f#cpu-spec: the field `labels` is '1500 labels'",
            id="too many",
        ),
    ],
)
def test_a_broken_label_set_is_refused(rule_runner: RuleRunner, content: str, message: str) -> None:
    rule_runner.write_files(
        {
            f"{PATH}/BUILD": FUNCTION.replace('["cat"]', '"//sets:pets"').format(extra=""),
            "sets/BUILD": 'label_set(name="pets", source="pets.json")',
            "sets/pets.json": content,
        }
    )
    with pytest.raises(ExecutionError, match=message):
        _generate(rule_runner)


def test_an_address_that_is_not_a_label_set_is_refused(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            f"{PATH}/BUILD": FUNCTION.replace('["cat"]', '"//sets:pets"').format(extra=""),
            "sets/BUILD": 'file(name="pets", source="pets.json")',
            "sets/pets.json": "[]",
        }
    )
    with pytest.raises(ExecutionError, match="must be the address of one label_set"):
        _generate(rule_runner)
