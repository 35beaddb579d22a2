from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import PurePath
from typing import Any, Iterable

from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.target_types import PythonSourceField
from pants.backend.python.util_rules import pex
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.core.goals.lint import LintResult, LintTargetsRequest
from pants.core.util_rules.partitions import PartitionerType
from pants.core.util_rules.source_files import SourceFiles, SourceFilesRequest
from pants.engine.fs import CreateDigest, Digest, FileContent, MergeDigests, PathGlobs
from pants.engine.process import FallibleProcessResult, Process
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import FieldSet
from pants.option.option_types import SkipOption
from pants.option.subsystem import Subsystem
from pants.util.strutil import pluralize

CONTRACT = "lib/contract/modelyard_contract"

_CHECKER = "contract_lint.checker"
# The checker's folder in the sandbox, next to the code it checks.
_ROOT = ".contract_lint"


class ContractLint(Subsystem):
    options_scope = "contract-lint"
    name = "contract-lint"
    help = "Finds repeated constants of modelyard_contract and oversized files and folders."

    skip = SkipOption("lint")


@dataclass(frozen=True)
class ContractLintFieldSet(FieldSet):
    required_fields = (PythonSourceField,)

    source: PythonSourceField


class ContractLintRequest(LintTargetsRequest):
    field_set_type = ContractLintFieldSet
    tool_subsystem = ContractLint  # type: ignore[assignment]
    partitioner_type = PartitionerType.DEFAULT_SINGLE_PARTITION


@rule(desc="Compare with the contract")
async def contract_lint(
    request: ContractLintRequest.Batch[ContractLintFieldSet, Any], setup: PythonSetup
) -> LintResult:
    # The code uses syntax that Pants' own Python cannot parse.
    python, sources = await MultiGet(
        Get(PythonExecutable, InterpreterConstraints(setup.interpreter_constraints)),
        Get(SourceFiles, SourceFilesRequest(each.source for each in request.elements)),
    )
    inputs = await MultiGet(
        Get(Digest, CreateDigest(_checker())),
        # Besides the files of this batch, the others that count towards their folders' limits.
        Get(Digest, PathGlobs([f"{CONTRACT}/*.py", *_neighbours(sources.files)])),
    )
    result = await Get(
        FallibleProcessResult,
        Process(
            argv=(python.path, "-B", "-m", _CHECKER, CONTRACT, *sources.files),
            input_digest=await Get(Digest, MergeDigests(inputs)),
            env={"PYTHONPATH": _ROOT},
            description=f"Compare {pluralize(len(sources.files), 'file')} with the contract.",
        ),
    )
    return LintResult.create(request, result, strip_chroot_path=True)


def _checker() -> Iterable[FileContent]:
    package = PurePath(_ROOT, *_CHECKER.split("."))
    yield FileContent(str(package.parent / "__init__.py"), b"")
    for file in resources.files(_CHECKER).iterdir():
        if file.name.endswith(".py") and not file.name.endswith("_test.py"):
            yield FileContent(str(package / file.name), file.read_bytes())


def _neighbours(files: Iterable[str]) -> Iterable[str]:
    return {str(PurePath(file).parent / "*.py") for file in files}


def rules() -> Iterable[Any]:
    return [*collect_rules(), *ContractLintRequest.rules(), *pex.rules()]
