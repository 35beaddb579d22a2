"""The arguments that Ruff is called with, by a shell script in its place.

`./pants fmt lint` runs the real one at every change.
"""

from __future__ import annotations

import pytest
from pants.backend.python.lint.ruff.subsystem import RuffFieldSet
from pants.backend.python.target_types import PythonSourcesGeneratorTarget
from pants.backend.python.target_types_rules import rules as python_target_rules
from pants.backend.python.util_rules.pex import PexRequest, VenvPex
from pants.core.goals.fix import FixResult
from pants.core.goals.fmt import FmtResult
from pants.core.goals.lint import LintResult
from pants.core.util_rules import config_files, source_files
from pants.core.util_rules.partitions import _EmptyMetadata
from pants.engine.addresses import Address
from pants.engine.fs import CreateDigest, Digest, DigestContents, PathGlobs, Snapshot
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.rules import Get, collect_rules, rule
from pants.testutil.rule_runner import PYTHON_BOOTSTRAP_ENV, QueryRule, RuleRunner

from modelyard_pants.testing.runner import without
from modelyard_pants.testing.tools import shell_tool, venv_pex_of
from ruff_current import register
from ruff_current.rules import RuffCheckRequest, RuffFixRequest, RuffFormatRequest

# A file named `wrong` is one that Ruff can neither parse nor fix.
_RUFF = """
for file; do case "$file" in *.py)
  case "$file" in *wrong*) echo "$file: wrong"; exit 1;; esac
  case "$*" in *fix*|*format*) echo "$*" > "$file";; esac
esac; done
case "$*" in *fix*|*format*) ;; *) echo "called with $*";; esac
"""


# The last words of each call, with `a.py` in a root and nothing else.
_WORDS = '--no-cache --config=ruff.toml --config=lint.isort.known-first-party=["a"] a.py'

# How Pants treats a repository that it does not partition.
_WHOLE = _EmptyMetadata()


@rule
async def ruff_of_a_script(_: PexRequest) -> VenvPex:
    return venv_pex_of(await Get(Digest, CreateDigest, shell_tool(_RUFF)))


@pytest.fixture
def runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *without(register.rules(), "wrap_venv_prex_request"),
            *collect_rules(globals()),
            *config_files.rules(),
            *python_target_rules(),
            *source_files.rules(),
            QueryRule(FixResult, [RuffFixRequest.Batch]),
            QueryRule(FmtResult, [RuffFormatRequest.Batch]),
            QueryRule(LintResult, [RuffCheckRequest.Batch]),
            QueryRule(DigestContents, [Digest]),
            QueryRule(Snapshot, [PathGlobs]),
        ],
        target_types=[PythonSourcesGeneratorTarget],
    )
    options = ["--ruff-config=ruff.toml", "--source-root-patterns=['/', '/apps/*']"]
    runner.set_options(options, env_inherit=PYTHON_BOOTSTRAP_ENV)
    runner.write_files({"ruff.toml": "", "BUILD": "python_sources(name='a', sources=['*.py'])"})
    return runner


def _snapshot(runner: RuleRunner, content: str) -> Snapshot:
    runner.write_files({"a.py": content})
    return runner.request(Snapshot, [PathGlobs(["a.py"])])


def _text(runner: RuleRunner, snapshot: Snapshot) -> str:
    (file,) = runner.request(DigestContents, [snapshot.digest])
    return file.content.decode().strip()


def test_files_are_formatted_by_the_configuration(runner: RuleRunner) -> None:
    snapshot = _snapshot(runner, "x=1")
    batch = RuffFormatRequest.Batch("ruff format", snapshot.files, None, snapshot)
    result = runner.request(FmtResult, [batch])
    assert result.did_change
    assert _text(runner, result.output) == f"format {_WORDS}"


def test_fixable_problems_are_fixed_and_the_rest_left_to_lint(runner: RuleRunner) -> None:
    snapshot = _snapshot(runner, "x=1")
    batch = RuffFixRequest.Batch("ruff check --fix", snapshot.files, None, snapshot)
    result = runner.request(FixResult, [batch])
    assert _text(runner, result.output) == f"check --fix --exit-zero {_WORDS}"


def test_packages_that_ruff_does_not_see_are_first_party(runner: RuleRunner) -> None:
    others = ("apps/one/b/__init__.py", "apps/two/c/__init__.py", "apps/two/c/d.py", "e/f.py")
    runner.write_files(dict.fromkeys(others, ""))
    snapshot = _snapshot(runner, "x=1")
    batch = RuffFixRequest.Batch("ruff check --fix", snapshot.files, None, snapshot)
    words = _text(runner, runner.request(FixResult, [batch]).output)
    assert words.endswith('--config=lint.isort.known-first-party=["a", "b", "c"] a.py')


def test_a_file_that_cannot_be_parsed_stops_the_formatter(runner: RuleRunner) -> None:
    runner.write_files({"wrong.py": "("})
    snapshot = runner.request(Snapshot, [PathGlobs(["wrong.py"])])
    batch = RuffFormatRequest.Batch("ruff format", snapshot.files, None, snapshot)
    with pytest.raises(ExecutionError, match=r"wrong.py: wrong"):
        runner.request(FmtResult, [batch])


@pytest.mark.parametrize(("name", "exit_code"), [("a.py", 0), ("wrong.py", 1)])
def test_lint_passes_on_the_output_of_ruff(runner: RuleRunner, name: str, exit_code: int) -> None:
    runner.write_files({name: "x=1"})
    target = runner.get_target(Address("", target_name="a", relative_file_path=name))
    batch = RuffCheckRequest.Batch("ruff check", (RuffFieldSet.create(target),), _WHOLE)
    result = runner.request(LintResult, [batch])
    output = "wrong.py: wrong" if exit_code else f"called with check {_WORDS}"
    assert (result.exit_code, result.stdout.strip()) == (exit_code, output)
