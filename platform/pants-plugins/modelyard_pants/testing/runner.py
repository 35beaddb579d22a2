"""A rule runner with the backend, and a minimal function, for the plugin's tests."""

from __future__ import annotations

from typing import Any, Iterable

from pants.backend.codegen import export_codegen_goal
from pants.backend.python import target_types_rules
from pants.backend.python.dependency_inference import rules as dependency_inference_rules
from pants.backend.python.goals import package_pex_binary
from pants.backend.python.target_types import (
    PexBinary,
    PythonRequirementTarget,
    PythonSourcesGeneratorTarget,
)
from pants.backend.python.util_rules import local_dists, pex_from_targets
from pants.core.goals import package, publish
from pants.core.target_types import FileTarget
from pants.core.target_types import rules as core_target_types_rules
from pants.core.util_rules import source_files, system_binaries
from pants.engine.internals.parametrize import Parametrize
from pants.testutil.rule_runner import PYTHON_BOOTSTRAP_ENV, RuleRunner
from pants.vcs import git

from modelyard_pants import register

FUNCTION = """\
model_function(
    name="f",
    type="detector",
    framework="openvino",
    display_name="F",
    description="Finds nothing",
    labels=["cat"],
    licence="MIT",
    origin="these tests",
{extra}
)
"""


def function_rule_runner(
    *queries: Any,
    backend_rules: Iterable[Any] | None = None,
    options: Iterable[str] = (),
    bootstrap_args: Iterable[str] = (),
) -> RuleRunner:
    """A rule runner with the backend, a `default` and an `openvino` resolve and the real layout.

    `backend_rules` replaces the backend's own rules, for tests with stand-ins; `options` are
    further command-line options, `bootstrap_args` those that the engine itself reads.
    """
    runner = RuleRunner(
        bootstrap_args=tuple(bootstrap_args),
        rules=[
            *(register.rules() if backend_rules is None else backend_rules),
            *core_target_types_rules(),
            *dependency_inference_rules.rules(),
            *export_codegen_goal.rules(),
            *local_dists.rules(),
            *package.rules(),
            *package_pex_binary.rules(),
            *pex_from_targets.rules(),
            *git.rules(),
            *publish.rules(),
            *source_files.rules(),
            *system_binaries.rules(),
            *target_types_rules.rules(),
            *queries,
        ],
        target_types=[
            *register.target_types(),
            FileTarget,
            PexBinary,
            PythonRequirementTarget,
            PythonSourcesGeneratorTarget,
        ],
        objects={"parametrize": Parametrize},
    )
    runner.set_options(
        [
            "--backend-packages=modelyard_pants",
            "--python-enable-resolves",
            "--python-infer-use-rust-parser",
            "--python-resolves={'default': 'default.lock', 'openvino': 'openvino.lock'}",
            "--python-default-resolve=default",
            "--no-python-resolves-generate-lockfiles",
            "--python-interpreter-constraints=['CPython==3.11.*']",
            "--source-root-patterns=['/functions/*', '/lib', '/platform/tools']",
            *options,
        ],
        env_inherit=PYTHON_BOOTSTRAP_ENV,
    )
    return runner


def without(rules: Iterable[Any], *names: str) -> Iterable[Any]:
    """`rules` without those of these names, which stand-ins replace."""
    return (
        item
        for item in rules
        if getattr(getattr(item, "func", None), "__name__", None) not in names
    )
