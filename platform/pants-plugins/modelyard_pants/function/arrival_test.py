"""Every field of a `model_function` reaches the files that a platform or the worker reads.

A platform reads `function.yaml` and `manifest.json`, CVAT the annotations in the former, the worker
the environment in it and `model.json`. Images have their own tests.
"""

from __future__ import annotations

import json
from typing import Any, Callable, Mapping

import pytest
import yaml
from pants.engine.addresses import Address
from pants.engine.fs import Digest, DigestContents
from pants.engine.target import COMMON_TARGET_FIELDS
from pants.testutil.rule_runner import QueryRule

from modelyard_pants.function.targets import ModelFunction
from modelyard_pants.release.release import Release, ReleaseRequest
from modelyard_pants.testing.stand_ins import rule_runner_with_stand_ins

CODE = """\
python_sources(name="lib", resolve="openvino")
model_function(
    name="walked",
    function_name="walked-through",
    display_name="Walked",
    description="Walks",
    type="interactor",
    framework="openvino",
    handler="other.py:Walked",
    weights=["//3rdparty/models:wa"],
    port=31234,
    workers=3,
    event_timeout=7,
    availability_timeout=4,
    idle_timeout=600,
    max_body=5000000,
    env={"AUTHORS": "own"},
    memory="3Gi",
    cpus="1500m",
    gpus=2,
    gpu_memory="4Gi",
    annotations={"help_message": "Click"},
    licence="MIT",
    origin="here",
    params={"size": 64},
    variants={"gpu": {"resolve": "openvino"}},
)
"""
HEADED = """\
model_function(
    name="walked",
    type="detector",
    framework="openvino",
    display_name="Walked",
    description="Walks",
    head="yolov8",
    head_options={"limit": 50},
    weights=["//3rdparty/models:wa"],
    labels=["cat"],
    licence="MIT",
    origin="here",
)
"""
# Fields that affect only what is built: separate targets, with their own tests.
BUILT = {"variants", "classic", "base_image"}


class Files:
    """The files of a release, decoded."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self.paths = set(contents)
        self.manifest = json.loads(contents["manifest.json"])
        self.model = json.loads(contents["assets/model.json"])
        function = yaml.safe_load(contents["function.yaml"])
        self.metadata, self.spec = function["metadata"], function["spec"]
        self.annotations = self.metadata["annotations"]
        self.trigger = self.spec["triggers"]["http"]
        self.limits = self.spec.get("resources", {}).get("limits", {})
        self.env = {each["name"]: each["value"] for each in self.spec["env"]}


Found = Callable[[Files], Any]

ARRIVES: Mapping[str, tuple[Found, Any]] = {
    "function_name": (lambda to: to.metadata["name"], "walked-through"),
    "display_name": (lambda to: to.annotations["name"], "Walked"),
    "description": (lambda to: to.spec["description"], "Walks"),
    "type": (lambda to: (to.annotations["type"], to.model["type"]), ("interactor", "interactor")),
    "framework": (lambda to: to.manifest["resolve"], "openvino"),
    "handler": (lambda to: to.model["model"], "walked.other:Walked"),
    "weights": (lambda to: "assets/weights/w.bin" in to.paths, True),
    "port": (lambda to: to.trigger["attributes"]["port"], 31234),
    "workers": (lambda to: to.trigger["numWorkers"], 3),
    "event_timeout": (lambda to: to.spec["eventTimeout"], "7s"),
    "availability_timeout": (lambda to: to.trigger["workerAvailabilityTimeoutMilliseconds"], 4000),
    "idle_timeout": (lambda to: to.manifest["idle_timeout"], 600),
    "max_body": (lambda to: to.trigger["attributes"]["maxRequestBodySize"], 5000000),
    "env": (lambda to: to.env["AUTHORS"], "own"),
    "memory": (lambda to: to.limits["memory"], "3Gi"),
    "cpus": (lambda to: to.limits["cpu"], "1500m"),
    "gpus": (
        lambda to: (to.limits["nvidia.com/gpu"], to.manifest["gpus"], to.env["MODELYARD_DEVICE"]),
        ("2", 2, "cuda"),
    ),
    # The platform chooses a GPU by the first; the worker obeys the second. 4 * 1024^3 bytes.
    "gpu_memory": (
        lambda to: (to.manifest["gpu_memory"], to.env["MODELYARD_GPU_MEMORY"]),
        (4294967296, "4294967296"),
    ),
    "annotations": (lambda to: to.annotations["help_message"], "Click"),
    "licence": (lambda to: (to.manifest["licence"], to.model["licence"]), ("MIT", "MIT")),
    "origin": (lambda to: to.manifest["origin"], "here"),
    "params": (lambda to: to.model["params"], {"size": 64}),
}
ARRIVES_WITH_A_HEAD: Mapping[str, tuple[Found, Any]] = {
    "labels": (
        lambda to: ([each["name"] for each in to.model["labels"]], "cat" in to.annotations["spec"]),
        (["cat"], True),
    ),
    "head": (lambda to: to.model["head"], "yolov8"),
    "head_options": (lambda to: to.model["head_options"], {"limit": 50}),
}


def _release(build: str, variant: str) -> Files:
    runner = rule_runner_with_stand_ins(
        QueryRule(Release, [ReleaseRequest]), QueryRule(DigestContents, [Digest])
    )
    folder = "functions/openvino/walked"
    written = {
        f"{folder}/BUILD": build,
        f"{folder}/other.py": "",
        "lib/modelyard/models/heads.py": "",
    }
    runner.write_files(written)
    target = runner.get_target(Address(folder, generated_name=variant))
    built = runner.request(Release, [ReleaseRequest(target)])
    files = runner.request(DigestContents, [built.digest])
    return Files({file.path: file.content for file in files})


@pytest.fixture(scope="module")
def of_code() -> Files:
    return _release(CODE, "gpu")


@pytest.fixture(scope="module")
def of_a_head() -> Files:
    return _release(HEADED, "cpu")


@pytest.mark.parametrize("alias", ARRIVES)
def test_a_field_arrives(of_code: Files, alias: str) -> None:
    found, expected = ARRIVES[alias]
    assert found(of_code) == expected


@pytest.mark.parametrize("alias", ARRIVES_WITH_A_HEAD)
def test_a_field_of_a_head_arrives(of_a_head: Files, alias: str) -> None:
    found, expected = ARRIVES_WITH_A_HEAD[alias]
    assert found(of_a_head) == expected


def test_no_field_is_left_out() -> None:
    fields = {each.alias for each in ModelFunction.core_fields if each not in COMMON_TARGET_FIELDS}
    assert fields == {*ARRIVES, *ARRIVES_WITH_A_HEAD, *BUILT}
