"""What the fetcher is told, and which digest counts. `obtain_test.py` runs a fetcher."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from pants.backend.python.util_rules.pex import VenvPex, VenvPexProcess
from pants.engine.addresses import Address
from pants.engine.env_vars import EnvironmentVars, EnvironmentVarsRequest
from pants.engine.fs import EMPTY_DIGEST, CreateDigest, Digest, FileDigest, RemovePrefix
from pants.engine.process import FallibleProcessResult
from pants.engine.target import Target
from pants.option.global_options import NamedCachesDirOption
from pants.testutil.option_util import create_subsystem
from pants.testutil.rule_runner import MockGet, run_rule_with_mocks

from modelyard_pants.common.option_tools import OptionTool
from modelyard_pants.subsystem import Modelyard
from modelyard_pants.testing.tools import venv_pex_of
from modelyard_pants.weights.fetch import fetch_weights, published_digest
from modelyard_pants.weights.requests import FetchWeightsRequest, Weights
from modelyard_pants.weights.targets import ModelWeights

SHA256 = hashlib.sha256(b"weights").hexdigest()
SHA384 = f"sha384:{hashlib.sha384(b'weights').hexdigest()}"
NOTHING = FileDigest(hashlib.sha256(b"").hexdigest(), 0)
TAKEN = Digest("a" * 64, 1)
USERS = {"https_proxy": "http://proxy:3128", "HOME": "/home/me"}


def _target(**fields: Any) -> Target:
    given = {
        "source": "https://example.org/w.zip",
        "licence": "MIT",
        "licence_stated_at": "here",
        "origin": "these tests",
        **fields,
    }
    return ModelWeights(given, Address("3rdparty/models", target_name="w"))


class _Fetcher:
    """Notes what is run, and ends each process as `codes` say."""

    def __init__(self, *codes: int, said: bytes = b"") -> None:
        self.codes, self.said = list(codes), said
        self.processes: list[VenvPexProcess] = []
        self.specs: list[dict[str, Any]] = []

    def run(self, process: VenvPexProcess) -> FallibleProcessResult:
        self.processes.append(process)
        return FallibleProcessResult(
            stdout=b"",
            stdout_digest=NOTHING,
            stderr=self.said,
            stderr_digest=NOTHING,
            exit_code=self.codes.pop(0),
            output_digest=EMPTY_DIGEST,
            metadata=None,  # type: ignore[arg-type]
        )

    def write(self, request: CreateDigest) -> Digest:
        (file,) = request
        self.specs.append(json.loads(file.content))  # type: ignore[union-attr]
        return EMPTY_DIGEST

    def fetch(self, target: Target, caches: Path) -> Weights:
        return run_rule_with_mocks(
            fetch_weights,
            rule_args=[
                FetchWeightsRequest(target),
                create_subsystem(Modelyard, weights_retry=0.0),
                NamedCachesDirOption(caches),
            ],
            mock_gets=[
                MockGet(
                    EnvironmentVars,
                    (EnvironmentVarsRequest,),
                    lambda _: EnvironmentVars(USERS),
                ),
                MockGet(VenvPex, (OptionTool,), lambda _: venv_pex_of(EMPTY_DIGEST)),
                MockGet(Digest, (CreateDigest,), self.write),
                MockGet(FallibleProcessResult, (VenvPexProcess,), self.run),
                MockGet(Digest, (RemovePrefix,), lambda _: TAKEN),
            ],
        )


@pytest.mark.parametrize(
    ("fields", "digest"),
    [
        ({}, None),
        ({"sha256": SHA256}, f"sha256:{SHA256}"),
        ({"digest": SHA384}, SHA384),
        ({"digest": f"sha256:{SHA256}"}, f"sha256:{SHA256}"),
    ],
)
def test_a_digest_has_the_name_of_its_algorithm(fields: dict[str, Any], digest: str | None) -> None:
    assert published_digest(_target(**fields)) == digest


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"sha256": SHA256}, {"digest": f"sha256:{SHA256}", "size": 0, "members": None}),
        (
            {"digest": SHA384, "size": 7, "members": {"a/b.bin": "w.bin"}},
            {"digest": SHA384, "size": 7, "members": {"a/b.bin": "w.bin"}},
        ),
        # An empty mapping is none: the file itself is the weights.
        (
            {"sha256": SHA256, "members": {}},
            {"digest": f"sha256:{SHA256}", "size": 0, "members": None},
        ),
    ],
)
def test_the_fetcher_is_told_what_the_target_says(
    tmp_path: Path, fields: dict[str, Any], told: dict[str, Any]
) -> None:
    fetcher = _Fetcher(0, 0)
    assert fetcher.fetch(_target(**fields), tmp_path) == Weights(TAKEN)
    assert fetcher.specs == [{"name": "w", "source": "https://example.org/w.zip", **told}]


def test_the_users_network_is_for_fetching_and_not_for_what_others_share(tmp_path: Path) -> None:
    fetcher = _Fetcher(0, 0)
    fetcher.fetch(_target(sha256=SHA256), tmp_path)
    fill, take = fetcher.processes
    assert (fill.argv, dict(fill.extra_env or {})) == (
        ("--spec", "spec.json", "--cache", ".modelyard_weights"),
        USERS,
    )
    assert (take.argv, dict(take.extra_env or {})) == ((*fill.argv, "--out", "out"), {})
    assert take.output_directories == ("out",)


@pytest.mark.parametrize(("algorithm", "processes"), [("sha256", 1), ("sha384", 2)])
def test_what_the_store_has_is_taken_without_the_network(
    tmp_path: Path, algorithm: str, processes: int
) -> None:
    stored = tmp_path / "modelyard_weights" / algorithm / SHA256
    stored.parent.mkdir(parents=True)
    stored.write_bytes(b"weights")
    fetcher = _Fetcher(0, 0)
    fetcher.fetch(_target(sha256=SHA256), tmp_path)
    assert len(fetcher.processes) == processes
    assert ("--out" in fetcher.processes[0].argv) is (processes == 1)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"50 %\nw: its server does not answer\n", "w: its server does not answer"),
        (b"  w: gr\xc3\xb6\xc3\x9fer als erwartet  \n\n", "w: größer als erwartet"),
    ],
)
def test_what_it_said_last_is_the_reason(tmp_path: Path, said: bytes, reason: str) -> None:
    fetcher = _Fetcher(1, said=said)
    assert fetcher.fetch(_target(sha256=SHA256), tmp_path) == Weights(None, reason)
    assert len(fetcher.processes) == 1


@pytest.mark.parametrize("said", [b"", b" \n\n"])
def test_where_it_said_nothing_there_is_a_reason_all_the_same(tmp_path: Path, said: bytes) -> None:
    weights = _Fetcher(1, said=said).fetch(_target(sha256=SHA256), tmp_path)
    assert weights.digest is None
    assert str(weights.blocked).startswith("the download failed")


def test_a_store_that_loses_the_file_for_good_blocks(tmp_path: Path) -> None:
    """Filled, gone when it is taken from, and gone again after another try."""
    fetcher = _Fetcher(0, 1, 1, said=b"w: the disk is full")
    weights = fetcher.fetch(_target(sha256=SHA256), tmp_path)
    assert weights == Weights(None, "w: the disk is full")
    assert dict(fetcher.processes[2].extra_env or {}) == USERS
