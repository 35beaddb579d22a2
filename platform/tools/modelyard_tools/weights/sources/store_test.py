"""Tests of `modelyard_tools.weights.sources.store`."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from modelyard_tools.weights.errors import WeightsError
from modelyard_tools.weights.sources.clients import python_environment
from modelyard_tools.weights.sources.digest import Digest
from modelyard_tools.weights.sources.store import Store, copy_into

CONTENT = b"weights"
DIGEST = Digest("sha256", hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


def fill(store: Store, content: bytes) -> None:
    partial = store.partial(DIGEST)
    partial.parent.mkdir(parents=True, exist_ok=True)
    partial.write_bytes(content)


def test_an_admitted_file_is_found_at_its_digest(store: Store, tmp_path: Path) -> None:
    assert store.find(DIGEST, len(CONTENT)) is None
    fill(store, CONTENT)
    path = store.admit(DIGEST, len(CONTENT))
    assert path == tmp_path / "cache" / "sha256" / DIGEST.value
    assert store.find(DIGEST, len(CONTENT)) == path
    assert path.read_bytes() == CONTENT
    assert not store.partial(DIGEST).exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"weight", "it has 6 bytes, but 7 are pinned"), (b"weightz", "its sha256 is ")],
)
def test_wrong_bytes_are_refused_and_removed(store: Store, content: bytes, reason: str) -> None:
    fill(store, content)
    with pytest.raises(WeightsError, match=reason):
        store.admit(DIGEST, len(CONTENT))
    assert not store.partial(DIGEST).exists()
    assert store.find(DIGEST, len(CONTENT)) is None


@pytest.mark.parametrize("damaged", [b"", b"weightz", CONTENT + b"!"])
def test_a_file_damaged_in_the_store_is_not_used_and_can_be_replaced(
    store: Store, damaged: bytes
) -> None:
    fill(store, CONTENT)
    path = store.admit(DIGEST, len(CONTENT))
    path.chmod(0o644)
    path.write_bytes(damaged)
    assert store.find(DIGEST, len(CONTENT)) is None
    fill(store, CONTENT)
    store.admit(DIGEST, len(CONTENT))
    assert store.find(DIGEST, len(CONTENT)) == path


def test_the_lock_keeps_others_out_until_its_holder_ends(store: Store, tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import pathlib, sys\n"
            "from modelyard_tools.weights.sources.digest import Digest\n"
            "from modelyard_tools.weights.sources.store import Store\n"
            "digest = Digest.parse(sys.argv[2])\n"
            "with Store(pathlib.Path(sys.argv[1])).locked(digest, lambda: None):\n"
            "    print('held', flush=True); sys.stdin.read()",
            str(tmp_path / "cache"),
            ":".join(DIGEST),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=python_environment(),
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    waited = []

    def kill_holder() -> None:
        waited.append(holder.poll())
        holder.kill()

    with holder, store.locked(DIGEST, kill_holder):
        assert waited == [None]


def test_a_copy_replaces_what_was_there(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "deep" / "b"
    source.write_bytes(CONTENT)
    copy_into(source, target)
    source.write_bytes(b"new")
    copy_into(source, target)
    assert target.read_bytes() == b"new"
    assert [path.name for path in target.parent.iterdir()] == ["b"]


def test_files_of_other_algorithms_are_kept_apart(store: Store, tmp_path: Path) -> None:
    digest = Digest("sha384", hashlib.sha384(CONTENT).hexdigest())
    partial = store.partial(digest)
    partial.parent.mkdir(parents=True)
    partial.write_bytes(CONTENT)
    assert store.admit(digest, len(CONTENT)) == tmp_path / "cache" / "sha384" / digest.value
    assert store.find(digest, len(CONTENT)) is not None
    assert store.find(DIGEST, len(CONTENT)) is None
