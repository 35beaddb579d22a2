from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Iterable

from pants.backend.python.lint.ruff.subsystem import Ruff, RuffFieldSet
from pants.backend.python.util_rules import pex
from pants.backend.python.util_rules.pex import PexRequest, VenvPex, VenvPexProcess
from pants.core.goals.fix import FixResult, FixTargetsRequest
from pants.core.goals.fmt import FmtResult, FmtTargetsRequest
from pants.core.goals.lint import LintResult, LintTargetsRequest
from pants.core.util_rules.config_files import ConfigFiles, ConfigFilesRequest
from pants.core.util_rules.partitions import PartitionerType
from pants.core.util_rules.source_files import SourceFiles, SourceFilesRequest
from pants.engine.fs import Digest, MergeDigests, PathGlobs, Paths, Snapshot
from pants.engine.process import FallibleProcessResult, Process, ProcessResult
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.source.source_root import SourceRootConfig
from pants.util.meta import classproperty
from pants.util.strutil import pluralize


class RuffFormatRequest(FmtTargetsRequest):
    field_set_type = RuffFieldSet
    tool_subsystem = Ruff  # type: ignore[assignment]
    partitioner_type = PartitionerType.DEFAULT_SINGLE_PARTITION

    @classproperty
    def tool_name(cls) -> str:
        return "ruff format"


class RuffFixRequest(FixTargetsRequest):
    field_set_type = RuffFieldSet
    tool_subsystem = Ruff  # type: ignore[assignment]
    partitioner_type = PartitionerType.DEFAULT_SINGLE_PARTITION

    @classproperty
    def tool_name(cls) -> str:
        return "ruff check --fix"


class RuffCheckRequest(LintTargetsRequest):
    field_set_type = RuffFieldSet
    tool_subsystem = Ruff  # type: ignore[assignment]
    partitioner_type = PartitionerType.DEFAULT_SINGLE_PARTITION

    @classproperty
    def tool_name(cls) -> str:
        return "ruff check"


@dataclass(frozen=True)
class RuffRun:
    """One call of Ruff: the subcommand and its flags, on the files of a snapshot."""

    command: tuple[str, ...]
    snapshot: Snapshot


@dataclass(frozen=True)
class FirstParty:
    """The names of all packages and modules directly in a source root."""

    names: tuple[str, ...]


@rule
async def first_party(config: SourceRootConfig) -> FirstParty:
    roots = [pattern.strip("/") for pattern in config.root_patterns]
    globs = [str(PurePath(root, name)) for root in roots for name in ("*/__init__.py", "*.py")]
    paths = await Get(Paths, PathGlobs(globs))
    files = [PurePath(path) for path in paths.files]
    names = {file.parent.name if file.stem == "__init__" else file.stem for file in files}
    return FirstParty(tuple(sorted(names - {""})))


@rule
async def ruff_process(request: RuffRun, ruff: Ruff) -> Process:
    ruff_pex, config_files, ours = await MultiGet(
        Get(VenvPex, PexRequest, ruff.to_pex_request()),
        Get(ConfigFiles, ConfigFilesRequest, ruff.config_request(request.snapshot.dirs)),
        Get(FirstParty),
    )
    input_digest = await Get(
        Digest, MergeDigests((request.snapshot.digest, config_files.snapshot.digest))
    )
    config = (f"--config={ruff.config}",) if ruff.config else ()
    return await Get(
        Process,
        VenvPexProcess(
            ruff_pex,
            argv=(
                *request.command,
                "--no-cache",
                *config,
                # Ruff looks up imports in `src`, where most of the tree is not.
                f"--config=lint.isort.known-first-party={json.dumps(ours.names)}",
                *ruff.args,
                *request.snapshot.files,
            ),
            input_digest=input_digest,
            output_files=request.snapshot.files,
            description=(
                f"Run ruff {' '.join(request.command)} on "
                f"{pluralize(len(request.snapshot.files), 'file')}."
            ),
        ),
    )


@rule(desc="Format with Ruff")
async def ruff_format(request: RuffFormatRequest.Batch) -> FmtResult:
    # A file that Ruff cannot parse must stop `fmt`, as it would with any other formatter.
    process = await Get(Process, RuffRun(("format",), request.snapshot))
    result = await Get(ProcessResult, Process, process)
    return await FmtResult.create(request, result, strip_chroot_path=True)


@rule(desc="Fix with Ruff")
async def ruff_fix(request: RuffFixRequest.Batch) -> FixResult:
    process = await Get(Process, RuffRun(("check", "--fix", "--exit-zero"), request.snapshot))
    result = await Get(FallibleProcessResult, Process, process)
    return await FixResult.create(request, result, strip_chroot_path=True)


@rule(desc="Lint with Ruff")
async def ruff_check(request: RuffCheckRequest.Batch[RuffFieldSet, Any]) -> LintResult:
    sources = await Get(
        SourceFiles, SourceFilesRequest(field_set.source for field_set in request.elements)
    )
    process = await Get(Process, RuffRun(("check",), sources.snapshot))
    result = await Get(FallibleProcessResult, Process, process)
    return LintResult.create(request, result, strip_chroot_path=True)


def rules() -> Iterable[Any]:
    return [
        *collect_rules(),
        *RuffFormatRequest.rules(),
        *RuffFixRequest.rules(),
        *RuffCheckRequest.rules(),
        *pex.rules(),
    ]
