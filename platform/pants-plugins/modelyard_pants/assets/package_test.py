"""What a function loads from: `model.json` for each kind of function, and `weights/`.

The keys of `model.json` are documented in `modelyard_contract/release.py`.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from pants.core.goals.package import BuiltPackage
from pants.engine.addresses import Address
from pants.engine.fs import DigestContents
from pants.engine.rules import QueryRule
from pants.testutil.rule_runner import RuleRunner

from modelyard_pants.assets.package import Assets, AssetsFieldSet, AssetsRequest
from modelyard_pants.testing.stand_ins import WEIGHTS, rule_runner_with_stand_ins

FOLDER = "functions/openvino/c"
GONE = "0" * 64


@pytest.fixture(scope="module")
def runner() -> RuleRunner:
    runner = rule_runner_with_stand_ins(
        QueryRule(Assets, [AssetsRequest]), QueryRule(BuiltPackage, [AssetsFieldSet])
    )
    there = {"one": "a" * 64, "gone": GONE, "gone_too": GONE}
    weights = (WEIGHTS.format(name=name, sha256=sha256) for name, sha256 in there.items())
    runner.write_files({"3rdparty/models/BUILD": "".join(weights)})
    return runner


def _write(runner: RuleRunner, **fields: Any) -> None:
    """Write the function `c` with these fields, and the files that they may name."""
    given = {
        "name": "c",
        "type": "detector",
        "framework": "openvino",
        "display_name": "C",
        "description": "Finds nothing",
        "licence": "MIT",
        "origin": "these tests",
        **fields,
    }
    runner.write_files(
        {
            f"{FOLDER}/BUILD": (
                "python_sources(name='lib', resolve='openvino')\n"
                "file(name='local', source='my net.onnx')\n"
                f"model_function(**{given!r})"
            ),
            f"{FOLDER}/handler.py": "",
            f"{FOLDER}/my net.onnx": "local",
        }
    )


def _assets(runner: RuleRunner, variant: str = "cpu", **fields: Any) -> Assets:
    _write(runner, **fields)
    target = runner.get_target(Address(FOLDER, generated_name=f"{variant}-assets"))
    return runner.request(Assets, [AssetsRequest(target)])


def _files(runner: RuleRunner, assets: Assets) -> dict[str, bytes]:
    contents = runner.request(DigestContents, [assets.digest])
    return {file.path: file.content for file in contents}


def _model(runner: RuleRunner, **fields: Any) -> dict[str, Any]:
    return json.loads(_files(runner, _assets(runner, **fields))["model.json"])


COMMON = {
    "schema": 1,
    "name": "c",
    "display_name": "C",
    "type": "detector",
    "model": "c.handler",
    "licence": "MIT",
    "labels": [],
    "params": {},
}
CAT = {"name": "cat", "type": "any", "attributes": []}


@pytest.mark.parametrize(
    ("fields", "differs"),
    [
        ({"labels": ["cat"]}, {"labels": [CAT]}),
        ({"type": "interactor"}, {"type": "interactor"}),
        ({"type": "tracker"}, {"type": "tracker"}),
        ({"type": "reid"}, {"type": "reid"}),
        (
            {"type": "tracker", "params": {"size": 64, "on": True, "sizes": [1, [2.5]]}},
            {"type": "tracker", "params": {"size": 64, "on": True, "sizes": [1, [2.5]]}},
        ),
        (
            {"type": "reid", "handler": "handler.py:Mine"},
            {"type": "reid", "model": "c.handler:Mine"},
        ),
        ({"type": "reid", "function_name": "other"}, {"type": "reid", "name": "other"}),
        # As a head's options stand in the BUILD file; without a head there are no such keys.
        (
            {"labels": ["cat"], "head": "yolov8", "head_options": {"input_size": [640, 480]}},
            {
                "labels": [CAT],
                "model": "modelyard.models.heads:HeadDetector",
                "head": "yolov8",
                "head_options": {"input_size": [640, 480]},
            },
        ),
        (
            {"labels": ["cat"], "head": "ssd"},
            {
                "labels": [CAT],
                "model": "modelyard.models.heads:HeadDetector",
                "head": "ssd",
                "head_options": {},
            },
        ),
    ],
)
def test_each_kind_of_function_is_described(
    runner: RuleRunner, fields: dict[str, Any], differs: dict[str, Any]
) -> None:
    assert _model(runner, **fields) == {**COMMON, **differs}


def test_each_variant_is_described_by_its_own_settings(runner: RuleRunner) -> None:
    gpu = {"resolve": "openvino", "params": {"half": True}}
    fields = {"type": "reid", "params": {"size": 64}, "variants": {"cpu": {}, "gpu": gpu}}
    cpu = json.loads(_files(runner, _assets(runner, **fields))["model.json"])
    other = json.loads(_files(runner, _assets(runner, "gpu", **fields))["model.json"])
    assert (cpu["name"], cpu["display_name"], cpu["params"]) == ("c", "C", {"size": 64})
    assert other["params"] == {"half": True}
    assert (other["name"], other["display_name"]) == ("c-gpu", "C (GPU)")


def test_text_is_readable_where_it_is_not_ascii(runner: RuleRunner) -> None:
    files = _files(runner, _assets(runner, display_name="Kätzchen", labels=["猫"]))
    assert "Kätzchen".encode() in files["model.json"]
    assert "猫".encode() in files["model.json"]


@pytest.mark.parametrize(
    ("weights", "paths"),
    [
        ([], set()),
        ([":local"], {"weights/my net.onnx"}),
        (["//3rdparty/models:one"], {"weights/w.bin"}),
        # docs/targets.md: "All are placed in one folder."
        ([":local", "//3rdparty/models:one"], {"weights/my net.onnx", "weights/w.bin"}),
    ],
)
def test_weights_lie_in_one_folder(runner: RuleRunner, weights: list[str], paths: set[str]) -> None:
    assets = _assets(runner, type="reid", weights=weights)
    assert set(_files(runner, assets)) == {"model.json", *paths}
    assert assets.blocked is None


def test_what_is_missing_blocks_and_leaves_the_rest(runner: RuleRunner) -> None:
    weights = [":local", "//3rdparty/models:gone", "//3rdparty/models:gone_too"]
    assets = _assets(runner, type="reid", weights=weights)
    assert assets.blocked == "their server is gone"
    assert set(_files(runner, assets)) == {"model.json", "weights/my net.onnx"}


def test_where_the_licence_is_stated_comes_with_them(runner: RuleRunner) -> None:
    assets = _assets(runner, type="reid", weights=["//3rdparty/models:one"])
    assert assets.licences.stated_at == ("https://example.org/LICENSE",)


@pytest.mark.parametrize(("weights", "warned"), [("one", False), ("gone", True)])
def test_a_package_is_a_folder_named_as_the_function(
    runner: RuleRunner, caplog: pytest.LogCaptureFixture, weights: str, warned: bool
) -> None:
    _write(runner, type="reid", weights=[f"//3rdparty/models:{weights}"])
    target = runner.get_target(Address(FOLDER, generated_name="cpu-assets"))
    package = runner.request(BuiltPackage, [AssetsFieldSet.create(target)])
    assert [artifact.relpath for artifact in package.artifacts] == ["c/cpu/assets"]
    files = runner.request(DigestContents, [package.digest])
    assert "c/cpu/assets/model.json" in {file.path for file in files}
    message = f"{FOLDER}#cpu-assets is packaged without weights: their server is gone"
    assert (message in caplog.text) is warned
