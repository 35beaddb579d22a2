"""A cluster that this machine's kubectl reaches, without the user's own configuration."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard_tools.deployer.kubernetes.testing.cluster import Cluster
from modelyard_tools.deployer.kubernetes.testing.registry import Registry

REQUIRED = "MODELYARD_REQUIRE_KUBECTL"


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    _need("kubectl")
    cluster = Cluster()
    cluster.write_kubeconfig(tmp_path / "kubeconfig")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MODELYARD_TO", "kubernetes")
    yield cluster
    cluster.stop()


@pytest.fixture
def registry() -> Iterator[Registry]:
    _need("skopeo")
    registry = Registry()
    yield registry
    registry.stop()


def _need(program: str) -> None:
    if shutil.which(program) is None:
        if os.environ.get(REQUIRED):
            pytest.fail(f"{program} not found")
        pytest.skip(f"{program} not found")
