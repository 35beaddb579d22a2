"""The classic form, rendered and packaged.

Stand-ins resolve wheels and fetch weights: only the contents of the folder are tested.
"""

from __future__ import annotations

import json

import pytest
import yaml
from pants.core.goals.package import BuiltPackage
from pants.core.target_types import FileSourceField
from pants.engine.addresses import Address
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileContent
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import HydratedSources, HydrateSourcesRequest
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants import register
from modelyard_pants.nuclio.classic_build import Wheels, WheelsRequest
from modelyard_pants.nuclio.classic_package import ClassicFieldSet
from modelyard_pants.nuclio.targets import ClassicSourceField
from modelyard_pants.testing.runner import FUNCTION, function_rule_runner
from modelyard_pants.weights.requests import FetchWeightsRequest, Weights

PATH = "functions/openvino/f"
LOCK = """\
numpy==2.4.6 \\
    --hash=sha256:aa
pytest==7.0.1 \\
    --hash=sha256:bb
"""
_STOOD_IN = {"wheels_of_pex", "fetch_weights"}


@rule
async def wheels_by_hand(request: WheelsRequest) -> Wheels:
    assert request.target.address.spec == "3rdparty/python/openvino:deps"
    return Wheels(("numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl",))


@rule
async def weights_by_hand(request: FetchWeightsRequest) -> Weights:
    return Weights(await Get(Digest, CreateDigest([FileContent("w.bin", b"weights")])))


@pytest.fixture
def rule_runner() -> RuleRunner:
    real = [
        item
        for item in register.rules()
        if getattr(getattr(item, "func", None), "__name__", None) not in _STOOD_IN
    ]
    runner = function_rule_runner(
        QueryRule(HydratedSources, [HydrateSourcesRequest]),
        QueryRule(BuiltPackage, [ClassicFieldSet]),
        backend_rules=[*real, *collect_rules(globals())],
        options=["--modelyard-classic-base-image=mirror/python", "--modelyard-classic-pip-args=-v"],
    )
    extra = 'classic=True, weights=["//3rdparty/models:w"],'
    runner.write_files(
        {
            f"{PATH}/BUILD": (
                'python_sources(name="lib", resolve="openvino")\n' + FUNCTION.format(extra=extra)
            ),
            f"{PATH}/handler.py": "import modelyard.serving.worker.nuclio",
            f"{PATH}/handler_test.py": "",
            "lib/modelyard/serving/worker/BUILD": "python_sources(resolve='openvino')",
            "lib/modelyard/serving/worker/nuclio.py": "",
            "lib/modelyard/serving/worker/main.py": "",
            "lib/modelyard/serving/worker/predict.py": "",
            "3rdparty/models/BUILD": (
                'model_weights(name="w", source="https://example.org/w", size=1, licence="MIT", '
                f'licence_stated_at="here", origin="these tests", sha256="{"a" * 64}")'
            ),
            "3rdparty/python/openvino/BUILD": "pex_binary(name='deps', resolve='openvino')",
            "openvino.lock": LOCK,
        }
    )
    return runner


def _exported(rule_runner: RuleRunner) -> dict[str, bytes]:
    target = rule_runner.get_target(Address(PATH, generated_name="cpu-classic"))
    sources = rule_runner.request(
        HydratedSources,
        [
            HydrateSourcesRequest(
                target[ClassicSourceField],
                for_sources_types=(FileSourceField,),
                enable_codegen=True,
            )
        ],
    )
    files = rule_runner.request(DigestContents, [sources.snapshot.digest])
    return {file.path: file.content for file in files}


def test_the_generated_files_are_exported(rule_runner: RuleRunner) -> None:
    exported = _exported(rule_runner)
    assert set(exported) == {
        f"{PATH}/nuclio/function.yaml",
        f"{PATH}/nuclio/main.py",
        f"{PATH}/nuclio/requirements.txt",
    }
    requirements = exported[f"{PATH}/nuclio/requirements.txt"].decode()
    assert requirements == "numpy==2.4.6 \\\n    --hash=sha256:aa\n"
    build = yaml.safe_load(exported[f"{PATH}/nuclio/function.yaml"])["spec"]["build"]
    assert build["baseImage"] == "mirror/python"
    assert "--require-hashes -v -r" in build["directives"]["preCopy"][-1]["value"]


def test_the_package_is_a_folder_that_nuclio_can_build_from(rule_runner: RuleRunner) -> None:
    target = rule_runner.get_target(Address(PATH, generated_name="cpu-classic"))
    built = rule_runner.request(BuiltPackage, [ClassicFieldSet.create(target)])
    files = {f.path: f.content for f in rule_runner.request(DigestContents, [built.digest])}
    (artifact,) = built.artifacts
    assert artifact.relpath == "f/cpu/nuclio"
    assert {path.removeprefix("f/cpu/nuclio/") for path in files} == {
        "function.yaml",
        "main.py",
        "requirements.txt",
        "f/handler.py",
        "modelyard/serving/worker/nuclio.py",
        "modelyard/serving/worker/main.py",
        "modelyard/serving/worker/predict.py",
        "assets/model.json",
        "assets/weights/w.bin",
    }
    model = json.loads(files["f/cpu/nuclio/assets/model.json"])
    assert model["model"] == "f.handler"
    for path, content in _exported(rule_runner).items():
        assert files[path.replace(PATH, "f/cpu")] == content


def test_a_wheel_that_is_not_in_the_lock_is_refused(rule_runner: RuleRunner) -> None:
    rule_runner.write_files({"openvino.lock": LOCK.replace("2.4.6", "2.4.5")})
    with pytest.raises(ExecutionError, match=r"f#cpu-classic: openvino.lock: numpy==2.4.6 is in"):
        _exported(rule_runner)


def test_an_edit_of_the_code_does_not_change_the_exported_files(rule_runner: RuleRunner) -> None:
    before = _exported(rule_runner)
    rule_runner.write_files({f"{PATH}/handler.py": "import modelyard.serving.worker.nuclio\nx = 1"})
    assert _exported(rule_runner) == before
