"""Which edits change which content digests, and the contents of a release."""

from __future__ import annotations

import json

import pytest
from pants.engine.addresses import Address
from pants.engine.fs import Digest, DigestContents
from pants.engine.internals.scheduler import ExecutionError
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants.release.release import Release, ReleaseRequest
from modelyard_pants.testing.runner import FUNCTION
from modelyard_pants.testing.stand_ins import WEIGHTS, rule_runner_with_stand_ins


@pytest.fixture
def rule_runner() -> RuleRunner:
    return rule_runner_with_stand_ins(
        QueryRule(Release, [ReleaseRequest]), QueryRule(DigestContents, [Digest])
    )


def _manifest(runner: RuleRunner, name: str, variant: str = "cpu") -> dict:
    target = runner.get_target(Address(f"functions/openvino/{name}", generated_name=variant))
    built = runner.request(Release, [ReleaseRequest(target)])
    files = runner.request(DigestContents, [built.digest])
    return json.loads(next(f.content for f in files if f.path == "manifest.json"))


def _digests(runner: RuleRunner) -> dict[str, str]:
    return {name: _manifest(runner, name)["digest"] for name in ("a", "b")}


@pytest.mark.parametrize(
    ("path", "content", "changed"),
    [
        ("functions/openvino/a/handler.py", "import shared.nms\nx = 1", {"a"}),
        ("functions/openvino/b/handler.py", "x = 1", {"b"}),
        ("lib/shared/nms.py", "x = 1", {"a"}),
        ("lib/modelyard/serving/worker/nuclio.py", "x = 1", {"a", "b"}),
        ("lib/labels/pets.json", '[{"name": "cat"}]', {"a"}),
        (
            "3rdparty/models/BUILD",
            WEIGHTS.format(name="wa", sha256="c" * 64) + WEIGHTS.format(name="wb", sha256="b" * 64),
            {"a"},
        ),
        ("README.md", "words", set()),
        ("lib/shared/unused.py", "x = 1", set()),
    ],
)
def test_an_edit_changes_exactly_the_releases_that_contain_it(
    rule_runner: RuleRunner, path: str, content: str, changed: set[str]
) -> None:
    before = _digests(rule_runner)
    rule_runner.write_files({path: content})
    after = _digests(rule_runner)
    assert {name for name in before if before[name] != after[name]} == changed


def test_a_setting_of_the_function_changes_its_digest(rule_runner: RuleRunner) -> None:
    before = _manifest(rule_runner, "b")
    build = "functions/openvino/b/BUILD"
    text = "python_sources(name='lib', resolve='openvino')\n" + FUNCTION.replace(
        'name="f"', 'name="b"', 1
    ).format(extra='weights=["//3rdparty/models:wb"], workers=2,')
    rule_runner.write_files({build: text})
    after = _manifest(rule_runner, "b")
    assert before["digest"] != after["digest"]
    assert before["parts"]["spec"] != after["parts"]["spec"]
    assert before["parts"]["srcs"] == after["parts"]["srcs"]


@pytest.mark.parametrize(
    ("extra", "idle", "gpu_memory"),
    [
        ("", None, None),
        ("idle_timeout=60,", 60.0, None),
        ('variants={"gpu": {"resolve": "openvino", "gpus": 1}},', 900.0, None),
        (
            'variants={"gpu": {"resolve": "openvino", "gpus": 1, "gpu_memory": "4Gi", '
            '"idle_timeout": 0}},',
            None,
            4 * 1024**3,
        ),
    ],
)
def test_functions_on_gpus_scale_to_zero_by_default(
    rule_runner: RuleRunner, extra: str, idle: float | None, gpu_memory: int | None
) -> None:
    text = "python_sources(name='lib', resolve='openvino')\n" + FUNCTION.replace(
        'name="f"', 'name="b"', 1
    ).format(extra='weights=["//3rdparty/models:wb"],' + extra)
    rule_runner.write_files({"functions/openvino/b/BUILD": text})
    manifest = _manifest(rule_runner, "b", "gpu" if "gpus" in extra else "cpu")
    assert (manifest["idle_timeout"], manifest["gpu_memory"]) == (idle, gpu_memory)


def test_the_release_holds_what_a_deployer_reads(rule_runner: RuleRunner) -> None:
    target = rule_runner.get_target(Address("functions/openvino/a", generated_name="cpu"))
    built = rule_runner.request(Release, [ReleaseRequest(target)])
    files = {f.path: f.content for f in rule_runner.request(DigestContents, [built.digest])}
    assert set(files) == {
        "manifest.json",
        "function.yaml",
        "srcs.pex",
        "assets/model.json",
        "assets/weights/w.bin",
    }
    model = json.loads(files["assets/model.json"])
    assert model["model"] == "a.handler"
    assert model["labels"] == [{"name": "dog", "type": "any", "attributes": []}]
    manifest = json.loads(files["manifest.json"])
    assert manifest["licence_stated_at"] == ["https://example.org/LICENSE"]
    assert manifest["code_licence"] == ""
    assert manifest["deps"] == "deps/openvino.pex"
    assert manifest["blocked"] is None


def test_weights_that_cannot_be_fetched_block_one_function_with_the_reason(
    rule_runner: RuleRunner,
) -> None:
    rule_runner.write_files(
        {
            "3rdparty/models/BUILD": WEIGHTS.format(name="wa", sha256="0" * 64)
            + WEIGHTS.format(name="wb", sha256="b" * 64)
        }
    )
    assert _manifest(rule_runner, "a")["blocked"] == "their server is gone"
    assert _manifest(rule_runner, "b")["blocked"] is None


def test_the_error_explains_how_to_record_a_missing_digest(rule_runner: RuleRunner) -> None:
    without = WEIGHTS.format(name="wa", sha256="-").replace('sha256="-"', "sha256=None")
    rule_runner.write_files(
        {"3rdparty/models/BUILD": without + WEIGHTS.format(name="wb", sha256="b" * 64)}
    )
    blocked = _manifest(rule_runner, "a")["blocked"]
    assert blocked.startswith("wa: no digest is pinned")
    assert blocked.endswith("./pants lock-weights 3rdparty/models:wa")


BROUGHT = """
file(name="model", source="best.onnx")

model_function(
    name="brought",
    type="detector",
    framework="openvino",
    display_name="Brought",
    description="A network without its own code",
    labels=["cat", "dog"],
    weights=[":model"],
    head="yolov8",
    head_options={"input_size": [640, 480], "nms_threshold": 0.5},
    licence="MIT",
    origin="these tests",
)
"""


def _files_of(runner: RuleRunner, name: str) -> dict[str, bytes]:
    target = runner.get_target(Address(f"functions/openvino/{name}", generated_name="cpu"))
    built = runner.request(Release, [ReleaseRequest(target)])
    return {f.path: f.content for f in runner.request(DigestContents, [built.digest])}


def test_a_folder_with_a_build_file_and_a_network_is_a_function(rule_runner: RuleRunner) -> None:
    folder = "functions/openvino/brought"
    rule_runner.write_files(
        {
            f"{folder}/BUILD": BROUGHT,
            f"{folder}/best.onnx": b"first",
            "lib/modelyard/models/heads.py": "",
        }
    )
    files = _files_of(rule_runner, "brought")
    assert files["assets/weights/best.onnx"] == b"first"
    model = json.loads(files["assets/model.json"])
    assert model["model"] == "modelyard.models.heads:HeadDetector"
    assert model["head"] == "yolov8"
    assert model["head_options"] == {"input_size": [640, 480], "nms_threshold": 0.5}
    before = json.loads(files["manifest.json"])
    assert before["blocked"] is None

    rule_runner.write_files({f"{folder}/best.onnx": b"second"})
    after = _manifest(rule_runner, "brought")
    assert before["digest"] != after["digest"]
    assert before["parts"]["srcs"] == after["parts"]["srcs"]


def test_two_local_files_of_one_name_are_refused(rule_runner: RuleRunner) -> None:
    folder = "functions/openvino/brought"
    build = BROUGHT.replace('":model"', '":model", ":other"')
    rule_runner.write_files(
        {
            f"{folder}/BUILD": build + 'file(name="other", source="old/best.onnx")',
            f"{folder}/best.onnx": "first",
            f"{folder}/old/best.onnx": "second",
            "lib/modelyard/models/heads.py": "",
        }
    )
    with pytest.raises(ExecutionError, match=r"best\.onnx and .*best\.onnx are weights"):
        _manifest(rule_runner, "brought")
