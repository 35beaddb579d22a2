"""Which edit changes which content digest.

Building PEX files and fetching weights is stood in for by what goes into them, since the question
here is what a release is made of. The end-to-end tests build and deploy real ones.
"""

from __future__ import annotations

import json

import pytest
from pants.core.util_rules.source_files import SourceFiles, SourceFilesRequest
from pants.engine.addresses import Address
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileContent
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import SourcesField, TransitiveTargets, TransitiveTargetsRequest
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard import register
from modelyard.goals.release import FunctionPex, FunctionPexRequest, Release, ReleaseRequest
from modelyard.target_types import WeightsSha256Field
from modelyard.testutil import FUNCTION, function_rule_runner
from modelyard.util_rules.weights import FetchWeightsRequest, Weights


@rule
async def pex_of_its_sources(request: FunctionPexRequest) -> FunctionPex:
    transitive = await Get(TransitiveTargets, TransitiveTargetsRequest([request.target.address]))
    sources = await Get(
        SourceFiles, SourceFilesRequest(target.get(SourcesField) for target in transitive.closure)
    )
    listing = f"{request.target.address} {sources.snapshot.digest}".encode()
    return FunctionPex(await Get(Digest, CreateDigest([FileContent(request.name, listing)])))


@rule
async def weights_of_their_pin(request: FetchWeightsRequest) -> Weights:
    pin = str(request.target[WeightsSha256Field].value)
    if pin.startswith("0"):
        return Weights(None, "their server is gone")
    return Weights(await Get(Digest, CreateDigest([FileContent("w.bin", pin.encode())])))


_STOOD_IN = {"build_pex", "fetch_weights"}

WEIGHTS = """
model_weights(name="{name}", source="https://example.org/{name}", sha256="{sha256}", size=1,
              licence="MIT", origin="these tests")
"""


@pytest.fixture
def rule_runner() -> RuleRunner:
    real = [
        item
        for item in register.rules()
        if getattr(getattr(item, "func", None), "__name__", None) not in _STOOD_IN
    ]
    runner = function_rule_runner(
        QueryRule(Release, [ReleaseRequest]),
        QueryRule(DigestContents, [Digest]),
        backend_rules=[*real, *collect_rules(globals())],
    )
    runner.write_files(
        {
            "lib/serving/BUILD": "python_sources(resolve='openvino')",
            "lib/serving/nuclio.py": "",
            "lib/serving/worker.py": "",
            "lib/serving/predict.py": "",
            "lib/shared/BUILD": "python_sources(resolve='openvino')",
            "lib/shared/nms.py": "",
            "lib/labels/BUILD": "label_set(name='pets', source='pets.json')",
            "lib/labels/pets.json": '[{"name": "dog"}]',
            "3rdparty/models/BUILD": WEIGHTS.format(name="wa", sha256="a" * 64)
            + WEIGHTS.format(name="wb", sha256="b" * 64),
            "3rdparty/python/openvino/BUILD": "pex_binary(name='deps', resolve='openvino')",
        }
    )
    _write_function(
        runner, "a", labels='"//lib/labels:pets"', weights="wa", code="import shared.nms"
    )
    _write_function(runner, "b", labels='["cat"]', weights="wb", code="")
    return runner


def _write_function(runner: RuleRunner, name: str, *, labels: str, weights: str, code: str) -> None:
    function = FUNCTION.replace('["cat"]', labels).replace('name="f"', f'name="{name}"', 1)
    extra = f'weights=["//3rdparty/models:{weights}"],'
    runner.write_files(
        {
            f"functions/openvino/{name}/BUILD": (
                "python_sources(name='lib', resolve='openvino')\n" + function.format(extra=extra)
            ),
            f"functions/openvino/{name}/handler.py": code,
        }
    )


def _manifest(runner: RuleRunner, name: str) -> dict:
    target = runner.get_target(Address(f"functions/openvino/{name}", generated_name="cpu"))
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
        ("lib/serving/nuclio.py", "x = 1", {"a", "b"}),
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
def test_an_edit_changes_exactly_the_releases_that_hold_it(
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
    assert (before["workers"], after["workers"]) == (1, 2)
    assert before["digest"] != after["digest"]
    assert before["parts"]["srcs"] == after["parts"]["srcs"]


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
    assert manifest["deps"] == "deps/openvino.pex"
    assert manifest["blocked"] is None


def test_weights_that_cannot_be_had_block_one_function_with_the_reason(
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
