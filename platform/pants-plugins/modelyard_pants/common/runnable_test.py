"""What `run` starts. Building the PEX needs a package index; the end-to-end tests do it."""

from __future__ import annotations

from pathlib import PurePath

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
from pants.core.util_rules.adhoc_binaries import PythonBuildStandaloneBinary
from pants.core.util_rules.source_files import SourceFiles
from pants.engine.addresses import Address, Addresses
from pants.engine.fs import EMPTY_DIGEST, EMPTY_SNAPSHOT, Digest, MergeDigests
from pants.engine.target import TransitiveTargets, TransitiveTargetsRequest
from pants.testutil.rule_runner import MockGet, run_rule_with_mocks
from pants.util.frozendict import FrozenDict
from pants.util.ordered_set import FrozenOrderedSet

from modelyard_pants.common.runnable import RunnableModule, run_module
from modelyard_pants.testing.tools import venv_pex_of

_ENVIRONMENT = PexEnvironment(
    path=("/usr/bin",),
    interpreter_search_paths=("/usr/bin",),
    subprocess_environment_dict=FrozenDict({"LANG": "C.UTF-8"}),
    named_caches_dir=PurePath("/caches"),
    bootstrap_python=PythonBuildStandaloneBinary("/usr/bin/python3.9"),
)
_VENV = Digest("d" * 64, 1)
_FILES = Digest("f" * 64, 1)
_LARGE = Digest("e" * 64, 1)


def _run(request: RunnableModule) -> tuple[RunRequest, PexFromTargetsRequest]:
    """The run request, and the request for the PEX."""
    asked: list[PexFromTargetsRequest] = []

    def pex(request: PexFromTargetsRequest) -> PexRequest:
        asked.append(request)
        constraints = InterpreterConstraints(["CPython==3.11.*"])
        return PexRequest(
            output_filename="x", internal_only=True, interpreter_constraints=constraints
        )

    def merge(request: MergeDigests) -> Digest:
        assert request == MergeDigests([_VENV, EMPTY_DIGEST, _FILES])
        return Digest("a" * 64, 1)

    started = run_rule_with_mocks(
        run_module,
        rule_args=[request, _ENVIRONMENT],
        mock_gets=[
            MockGet(
                TransitiveTargets,
                (TransitiveTargetsRequest,),
                lambda _: TransitiveTargets((), FrozenOrderedSet()),
            ),
            MockGet(PexRequest, (PexFromTargetsRequest,), pex),
            MockGet(
                PythonSourceFiles,
                (PythonSourceFilesRequest,),
                lambda _: PythonSourceFiles(
                    SourceFiles(EMPTY_SNAPSHOT, ()), ("functions/x", "lib")
                ),
            ),
            MockGet(VenvPex, (VenvPexRequest,), lambda _: venv_pex_of(_VENV)),
            MockGet(
                PythonExecutable,
                (InterpreterConstraints,),
                lambda _: PythonExecutable("/python3.11"),
            ),
            MockGet(Digest, (MergeDigests,), merge),
        ],
    )
    return started, asked[0]


def test_a_module_runs_in_a_venv_with_its_sources_beside_it() -> None:
    request = RunnableModule(
        Addresses([Address("lib/modelyard/serving")]),
        "modelyard.serving.worker.predict",
        arguments=("--assets", "{chroot}/assets"),
        environment=FrozenDict({"MODELYARD_X": "1"}),
        files=_FILES,
        immutable=FrozenDict({"assets": _LARGE}),
    )
    started, pex = _run(request)
    assert started.args == ("{chroot}/./tool", "--assets", "{chroot}/assets")
    assert started.immutable_input_digests == FrozenDict({"assets": _LARGE})
    # An edit of a source does not need a new venv: the PEX contains no sources.
    assert pex.include_source_files is False
    assert pex.main == EntryPoint("modelyard.serving.worker.predict")
    environment = started.extra_env
    assert environment["PEX_EXTRA_SYS_PATH"] == "{chroot}/functions/x:{chroot}/lib"
    assert environment["PEX_PYTHON"] == "/python3.11"
    assert environment["MODELYARD_X"] == "1"
    # The user's, not those of build processes.
    assert not {"PATH", "LANG"} & set(environment)
