"""Fetching and converting, with shell scripts in place of the tools; the rest is real."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from pants.backend.python.util_rules.pex import VenvPex
from pants.engine.addresses import Address
from pants.engine.fs import CreateDigest, Digest, DigestContents
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import Targets
from pants.testutil.rule_runner import PYTHON_BOOTSTRAP_ENV, QueryRule

from modelyard_pants import register
from modelyard_pants.common.option_tools import OptionTool
from modelyard_pants.testing.runner import function_rule_runner, without
from modelyard_pants.testing.stand_ins import WEIGHTS
from modelyard_pants.testing.tools import shell_tool, venv_pex_of
from modelyard_pants.weights.requests import LocalWeightsRequest, Weights, WeightsRequest

# Fills the store from the mirror, the only input from outside, and with `--out` copies from the
# store. The file `lost` simulates a store that has been emptied.
_FETCH = """
stored=.modelyard_weights/sha256/%s
if [ ! -e "$stored" ] || [ -e .modelyard_weights/lost ]; then
  [ -n "$MODELYARD_WEIGHTS_MIRROR" ] || exit 1
  echo "asked $*" >> "$MODELYARD_WEIGHTS_MIRROR/asked"
  if [ ! -e "$MODELYARD_WEIGHTS_MIRROR/w.bin" ]; then
    echo 'Traceback ...' >&2
    echo 'w: its server does not answer' >&2
    exit 1
  fi
  mkdir -p .modelyard_weights/sha256 && cp "$MODELYARD_WEIGHTS_MIRROR/w.bin" "$stored"
fi
case $* in
  *--out*) mkdir out && cp "$stored" out/w.bin && echo MIT > out/LICENSE ;;
esac
"""
_CONVERT = 'mkdir out && cat in/w.bin > "out/converted by $1"\n'


@rule
async def tool_of_a_script(tool: OptionTool) -> VenvPex:
    fetch = _FETCH % _digest["sha256"]
    script = {"weights_fetcher": fetch, "weights_converter": _CONVERT}[tool.option]
    return venv_pex_of(await Get(Digest, CreateDigest, shell_tool(script)))


# The pin of each test, under which the store is filled; rules cannot take fixtures.
_digest = {"sha256": ""}


class Repository:
    """A repository with one weights file, and the folder that simulates its author's server."""

    def __init__(self, mirror: Path) -> None:
        self.mirror = mirror
        _digest["sha256"] = secrets.token_hex(32)
        self.runner = function_rule_runner(
            QueryRule(Weights, [WeightsRequest]),
            QueryRule(Digest, [LocalWeightsRequest]),
            QueryRule(DigestContents, [Digest]),
            bootstrap_args=[self._named_caches],
            backend_rules=(
                *without(register.rules(), "option_tool"),
                *collect_rules(globals()),
            ),
        )
        self.build(retry=300)

    def build(self, *, retry: float, **variables: str) -> None:
        """Start another build, like another call of `./pants` with the same daemon."""
        self.runner.set_options(
            [f"--modelyard-weights-retry={retry}", self._named_caches],
            env={"MODELYARD_WEIGHTS_MIRROR": str(self.mirror), **variables},
            env_inherit=PYTHON_BOOTSTRAP_ENV,
        )

    @property
    def _named_caches(self) -> str:
        return f"--named-caches-dir={self.mirror / 'caches'}"

    def empty_the_store_when_it_is_filled(self) -> None:
        store = self.mirror / "caches/modelyard_weights"
        store.mkdir(parents=True)
        (store / "lost").touch()

    def write(self, extra: str = "") -> None:
        weights = WEIGHTS.format(name="w", sha256=_digest["sha256"]).replace(
            "size=1", f"size=1{extra}"
        )
        self.runner.write_files({"3rdparty/models/BUILD": weights})

    def weights(self) -> Weights:
        target = self.runner.get_target(Address("3rdparty/models", target_name="w"))
        return self.runner.request(Weights, [WeightsRequest(target)])

    def local(self, *names: str) -> Digest:
        """The files of the targets of these names in the folder `a`."""
        targets = Targets(self.runner.get_target(Address("a", target_name=name)) for name in names)
        return self.runner.request(Digest, [LocalWeightsRequest(targets)])

    def files(self, digest: Digest | None) -> dict[str, bytes]:
        assert digest is not None
        contents = self.runner.request(DigestContents, [digest])
        return {file.path: file.content for file in contents}

    @property
    def asked(self) -> int:
        log = self.mirror / "asked"
        return len(log.read_text().splitlines()) if log.exists() else 0


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path)
    repository.write()
    return repository


def test_fetched_weights_are_at_the_root_with_their_licence(repository: Repository) -> None:
    (repository.mirror / "w.bin").write_bytes(b"weights")
    weights = repository.weights()
    assert weights.blocked is None
    assert repository.files(weights.digest) == {"w.bin": b"weights", "LICENSE": b"MIT\n"}


def test_the_reason_is_the_last_line_of_the_tool(repository: Repository) -> None:
    assert repository.weights() == Weights(None, "w: its server does not answer")


def test_a_failed_fetch_is_not_retried_at_once(repository: Repository) -> None:
    first = repository.weights()
    repository.build(retry=300)
    assert (repository.weights(), repository.asked) == (first, 1)


def test_a_failed_fetch_is_retried_later_and_its_result_kept(
    repository: Repository,
) -> None:
    repository.weights()
    (repository.mirror / "w.bin").write_bytes(b"weights")
    repository.build(retry=0)
    assert "w.bin" in repository.files(repository.weights().digest)
    (repository.mirror / "w.bin").unlink()
    repository.build(retry=0)
    assert "w.bin" in repository.files(repository.weights().digest)
    assert repository.asked == 2


def test_a_changed_network_is_tried_at_once(repository: Repository) -> None:
    repository.weights()
    repository.build(retry=300, https_proxy="http://127.0.0.1:9")
    assert repository.weights().blocked is not None
    assert repository.asked == 2


def test_another_home_fetches_nothing_again(repository: Repository) -> None:
    (repository.mirror / "w.bin").write_bytes(b"weights")
    first = repository.weights()
    repository.build(retry=0, HOME="/elsewhere", PATH="/opt/venv/bin:/usr/bin:/bin")
    assert repository.weights() == first
    # No process was started.
    assert "local_execution_requests" not in repository.runner.scheduler.get_metrics()
    assert repository.asked == 1


def test_an_emptied_store_is_filled_again(repository: Repository) -> None:
    (repository.mirror / "w.bin").write_bytes(b"weights")
    repository.empty_the_store_when_it_is_filled()
    assert "w.bin" in repository.files(repository.weights().digest)


def test_converted_weights_keep_the_licence_of_the_fetched_ones(repository: Repository) -> None:
    (repository.mirror / "w.bin").write_bytes(b"weights")
    repository.write(extra=', convert="openvino"')
    files = repository.files(repository.weights().digest)
    assert files == {"converted by openvino": b"weights", "LICENSE": b"MIT\n"}


def test_weights_that_are_blocked_are_not_converted(repository: Repository) -> None:
    repository.write(extra=', convert="openvino"')
    assert repository.weights().blocked == "w: its server does not answer"


def test_files_of_the_repository_are_taken_by_their_names(repository: Repository) -> None:
    repository.runner.write_files(
        {
            "a/BUILD": "file(name='x', source='deep/x.onnx')\nfile(name='y', source='y.txt')",
            "a/deep/x.onnx": "x",
            "a/y.txt": "y",
        }
    )
    assert repository.files(repository.local("x", "y")) == {"x.onnx": b"x", "y.txt": b"y"}


def test_two_files_of_one_name_are_refused(repository: Repository) -> None:
    repository.runner.write_files(
        {
            "a/BUILD": "file(name='x', source='one/x.onnx')\nfile(name='y', source='two/x.onnx')",
            "a/one/x.onnx": "",
            "a/two/x.onnx": "",
        }
    )
    with pytest.raises(ExecutionError, match=r"a/one/x.onnx and a/two/x.onnx are weights of"):
        repository.local("x", "y")
