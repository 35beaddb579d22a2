from __future__ import annotations

import json

import pytest
import yaml
from pants.core.target_types import FileSourceField
from pants.engine.addresses import Address
from pants.engine.fs import DigestContents
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.target import HydratedSources, HydrateSourcesRequest
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard.target_types import NuclioSpecSourceField
from modelyard.testutil import FUNCTION, function_rule_runner

PATH = "functions/openvino/f"


@pytest.fixture
def rule_runner() -> RuleRunner:
    return function_rule_runner(QueryRule(HydratedSources, [HydrateSourcesRequest]))


def _generate(rule_runner: RuleRunner, variant: str = "cpu") -> tuple[str, dict]:
    target = rule_runner.get_target(Address(PATH, generated_name=f"{variant}-spec"))
    sources = rule_runner.request(
        HydratedSources,
        [
            HydrateSourcesRequest(
                target[NuclioSpecSourceField],
                for_sources_types=(FileSourceField,),
                enable_codegen=True,
            )
        ],
    )
    (path,) = sources.snapshot.files
    (file,) = rule_runner.request(DigestContents, [sources.snapshot.digest])
    return path, yaml.safe_load(file.content)


def test_function_yaml_lies_beside_the_function_and_says_what_the_target_says(
    rule_runner: RuleRunner,
) -> None:
    rule_runner.write_files(
        {f"{PATH}/BUILD": FUNCTION.format(extra='workers=3, port=20123, env={"A": "b"},')}
    )
    path, config = _generate(rule_runner)
    assert path == f"{PATH}/function.yaml"
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


def test_the_gpu_variant_has_the_file_name_cvat_users_know(rule_runner: RuleRunner) -> None:
    variants = 'variants={"cpu": {}, "gpu": {"resolve": "openvino", "gpus": 1}},'
    rule_runner.write_files({f"{PATH}/BUILD": FUNCTION.format(extra=variants)})
    path, config = _generate(rule_runner, "gpu")
    assert path == f"{PATH}/function-gpu.yaml"
    assert config["metadata"]["name"] == "f-gpu"
    assert config["spec"]["resources"]["limits"] == {"nvidia.com/gpu": "1"}


def test_an_interactor_speaks_protocol_version_2(rule_runner: RuleRunner) -> None:
    build = FUNCTION.replace('"detector"', '"interactor"').format(
        extra='annotations={"min_pos_points": "4"},'
    )
    rule_runner.write_files({f"{PATH}/BUILD": build})
    _, config = _generate(rule_runner)
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
    _, config = _generate(rule_runner)
    assert json.loads(config["metadata"]["annotations"]["spec"]) == [
        {"id": 5, "name": "dog", "type": "mask", "attributes": []}
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[", "sets:pets: the label set cannot be used"),
        ('[{"name": "a"}, {"name": "a"}]', "label name 'a' twice"),
        ("7", "sets:pets: the label set cannot be used"),
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


def test_an_address_that_is_no_label_set_is_refused(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            f"{PATH}/BUILD": FUNCTION.replace('["cat"]', '"//sets:pets"').format(extra=""),
            "sets/BUILD": 'file(name="pets", source="pets.json")',
            "sets/pets.json": "[]",
        }
    )
    with pytest.raises(ExecutionError, match="must be the address of a label_set"):
        _generate(rule_runner)
