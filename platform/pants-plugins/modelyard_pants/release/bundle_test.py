"""What the deployer is given: `modelyard_contract/release.py` documents its files."""

from __future__ import annotations

import json

import pytest
from pants.engine.addresses import Address
from pants.engine.fs import DigestContents
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants.release.bundle import ReleaseBundle, ReleaseBundleRequest
from modelyard_pants.testing.stand_ins import WEIGHTS, rule_runner_with_stand_ins


@pytest.fixture(scope="module")
def runner() -> RuleRunner:
    return rule_runner_with_stand_ins(QueryRule(ReleaseBundle, [ReleaseBundleRequest]))


def _bundle(
    runner: RuleRunner, *names: str, gone: str = ""
) -> tuple[ReleaseBundle, dict[str, bytes]]:
    """The bundle of these functions; the weights of those in `gone` cannot be had."""
    weights = (
        WEIGHTS.format(name=f"w{name}", sha256=("0" if name in gone else name) * 64)
        for name in ("a", "b")
    )
    runner.write_files({"3rdparty/models/BUILD": "".join(weights)})
    targets = tuple(
        runner.get_target(Address(f"functions/openvino/{name}", generated_name="cpu"))
        for name in names
    )
    bundle = runner.request(ReleaseBundle, [ReleaseBundleRequest(targets)])
    files = runner.request(DigestContents, [bundle.digest])
    return bundle, {file.path: file.content for file in files}


def _tops(files: dict[str, bytes]) -> set[str]:
    return {path.split("/")[0] for path in files}


def test_releases_share_what_they_have_in_common(runner: RuleRunner) -> None:
    _, files = _bundle(runner, "a", "b")
    assert _tops(files) == {"index.json", "releases", "deps", "platform"}
    # Of one resolve, so its packages are there once.
    assert [path for path in files if path.startswith("deps/")] == ["deps/openvino.pex"]
    for name in ("a", "b"):
        own = {path.split("/", 3)[3] for path in files if path.startswith(f"releases/{name}/cpu/")}
        assert own == {
            "manifest.json",
            "function.yaml",
            "srcs.pex",
            "assets/model.json",
            "assets/weights/w.bin",
        }


def test_the_index_lists_the_manifests_in_an_order_of_their_own(runner: RuleRunner) -> None:
    paths = ["releases/a/cpu/manifest.json", "releases/b/cpu/manifest.json"]
    (one, files), (other, _) = _bundle(runner, "a", "b"), _bundle(runner, "b", "a")
    assert json.loads(files["index.json"]) == {"schema": 1, "releases": paths}
    assert set(paths) <= set(files)
    # Whatever order they were asked for in: the same bundle is not copied again.
    assert one.digest == other.digest


def test_the_platform_is_where_it_is_said_to_be(runner: RuleRunner) -> None:
    bundle, files = _bundle(runner, "a")
    assert bundle.platform_pex == "platform/platform.pex"
    assert bundle.platform_pex in files


def test_a_bundle_may_be_empty(runner: RuleRunner) -> None:
    _, files = _bundle(runner)
    assert json.loads(files["index.json"]) == {"schema": 1, "releases": []}
    assert _tops(files) == {"index.json", "platform"}


def test_a_blocked_release_is_there_without_what_nobody_could_run(runner: RuleRunner) -> None:
    _, files = _bundle(runner, "a", "b", gone="ab")
    assert _tops(files) == {"index.json", "releases", "platform"}
    assert len(json.loads(files["index.json"])["releases"]) == 2
    manifest = json.loads(files["releases/a/cpu/manifest.json"])
    assert manifest["blocked"] == "their server is gone"
    assert "releases/a/cpu/srcs.pex" not in files


def test_one_blocked_release_takes_nothing_from_the_other(runner: RuleRunner) -> None:
    _, files = _bundle(runner, "a", "b", gone="a")
    assert "deps/openvino.pex" in files
    assert "releases/b/cpu/srcs.pex" in files
