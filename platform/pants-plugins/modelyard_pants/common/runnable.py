"""A module of first-party targets in a form that `run` can start: a venv and their sources.

Sources are next to the venv rather than in it, so that an edit does not need a new venv.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Iterable, Mapping

from pants.backend.python.target_types import EntryPoint
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex import PexRequest, VenvPex, VenvPexRequest
from pants.backend.python.util_rules.pex_environment import PexEnvironment, PythonExecutable
from pants.backend.python.util_rules.pex_from_targets import PexFromTargetsRequest
from pants.backend.python.util_rules.python_sources import (
    PythonSourceFiles,
    PythonSourceFilesRequest,
)
from pants.core.goals.run import RunRequest
from pants.engine.addresses import Addresses
from pants.engine.fs import EMPTY_DIGEST, Digest, MergeDigests
from pants.engine.process import InteractiveProcess
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import TransitiveTargets, TransitiveTargetsRequest
from pants.util.frozendict import FrozenDict


@dataclass(frozen=True)
class RunnableModule:
    """Run `module` of `addresses` with `arguments`.

    `files` are placed at the root of the sandbox; `{chroot}` in `arguments` and `environment` is
    replaced by its path. `immutable` digests, by folder, are laid out once and linked: use them for
    large files.
    """

    addresses: Addresses
    module: str
    arguments: tuple[str, ...] = ()
    environment: FrozenDict[str, str] = FrozenDict()
    files: Digest = EMPTY_DIGEST
    immutable: FrozenDict[str, Digest] = FrozenDict()


@rule
async def run_module(request: RunnableModule, pex_env: PexEnvironment) -> RunRequest:
    transitive = await Get(TransitiveTargets, TransitiveTargetsRequest(request.addresses))
    pex_request, sources = await MultiGet(
        Get(
            PexRequest,
            PexFromTargetsRequest(
                request.addresses,
                output_filename=f"{request.module}.pex",
                internal_only=True,
                include_source_files=False,
                main=EntryPoint(request.module),
                # The module may restart itself and then needs PEX_EXTRA_SYS_PATH.
                additional_args=("--no-strip-pex-env",),
            ),
        ),
        Get(PythonSourceFiles, PythonSourceFilesRequest(transitive.closure, include_files=True)),
    )
    environment = pex_env.in_workspace()
    venv, python = await MultiGet(
        Get(VenvPex, VenvPexRequest(pex_request, environment)),
        Get(PythonExecutable, InterpreterConstraints, pex_request.interpreter_constraints),
    )
    digest = await Get(
        Digest,
        MergeDigests([venv.digest, sources.source_files.snapshot.digest, request.files]),
    )
    roots = [os.path.join("{chroot}", root) for root in sources.source_roots]
    return RunRequest(
        digest=digest,
        args=[os.path.join("{chroot}", venv.pex.argv0), *request.arguments],
        extra_env={
            **_of_pex(environment.environment_dict(python=python)),
            "PEX_EXTRA_SYS_PATH": os.pathsep.join(roots),
            **request.environment,
        },
        immutable_input_digests=request.immutable,
        append_only_caches={
            **environment.append_only_caches,
            **(venv.append_only_caches or {}),
        },
    )


def _of_pex(environment: Mapping[str, str]) -> dict[str, str]:
    """Drop the PATH and locale of builds: the program gets the user's."""
    return {name: value for name, value in environment.items() if name.startswith("PEX_")}


def in_workspace(run: RunRequest, environment: Mapping[str, str]) -> InteractiveProcess:
    """The process that `run` would start, for goals that get no more of the user's environment."""
    return InteractiveProcess(
        argv=run.args,
        env={**environment, **run.extra_env},
        input_digest=run.digest,
        run_in_workspace=True,
        immutable_input_digests=run.immutable_input_digests,
        append_only_caches=run.append_only_caches,
    )


def rules() -> Iterable[Any]:
    return collect_rules()
