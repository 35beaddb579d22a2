"""What `./pants adopt` writes for functions like CVAT's own, read as BUILD files."""

from __future__ import annotations

from pathlib import Path

from pants.backend.python.lint.ruff import skip_field as skip_ruff
from pants.backend.python.typecheck.mypy import skip_field as skip_mypy
from pants.engine.target import AllTargets
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants import register
from modelyard_pants.function.identity import FunctionNameField
from modelyard_pants.release.all_releases import AllReleases
from modelyard_pants.testing.runner import function_rule_runner

GOLDEN = sorted(
    (Path(__file__).parents[3] / "tools" / "modelyard_tools" / "adopt" / "golden").glob("*.txt")
)
LABELS = '[{"id": 0, "name": "a", "type": "any"}]'


def _runner() -> RuleRunner:
    rules = [*register.rules(), *skip_ruff.rules(), *skip_mypy.rules()]
    return function_rule_runner(
        QueryRule(AllTargets, []),
        QueryRule(AllReleases, []),
        backend_rules=rules,
        options=["--python-resolves=+{'torch-cpu': 'torch-cpu.lock', 'torch-gpu': 'gpu.lock'}"],
    )


def test_every_kind_of_function_was_written() -> None:
    assert len(GOLDEN) == 19


def test_all_of_them_are_accepted_side_by_side() -> None:
    runner = _runner()
    files = {}
    for golden in GOLDEN:
        build = golden.read_text()
        framework = "pytorch" if 'framework="pytorch"' in build else "openvino"
        folder = f"functions/{framework}/{golden.stem}"
        files[f"{folder}/BUILD"] = build
        files[f"{folder}/labels.json"] = LABELS
        for module in ("__init__", "handler", "author/__init__", "author/main"):
            files[f"{folder}/{module}.py"] = ""
    runner.write_files(files)
    runner.request(AllTargets, [])
    # Names and ports of all functions are checked together.
    names = {each[FunctionNameField].value for each in runner.request(AllReleases, []).targets}
    assert {"onnx-wongkinyiu-yolov7", "pth-saic-vul-hrnet", "pth-saic-vul-hrnet-gpu"} <= names
