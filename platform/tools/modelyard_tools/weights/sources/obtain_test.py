"""Tests of `modelyard_tools.weights.sources.obtain`."""

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest

from modelyard_tools.weights.conftest import CONTENT, Site
from modelyard_tools.weights.errors import WeightsError
from modelyard_tools.weights.progress import Progress
from modelyard_tools.weights.sources.download import Policy
from modelyard_tools.weights.sources.obtain import Means, obtain
from modelyard_tools.weights.sources.spec import Spec
from modelyard_tools.weights.sources.store import Store

MEANS = Means(policy=Policy(retries=1, longest_pause=0, timeout=(5, 5)))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


@pytest.fixture
def lines() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def progress(lines: io.StringIO) -> Progress:
    return Progress("model", lines)


def pinned(source: str, *mirrors: str, content: bytes = CONTENT, **fields: Any) -> Spec:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return Spec(
        name="model", source=source, mirrors=mirrors, digest=digest, size=len(content), **fields
    )


def test_a_file_is_fetched_once(site: Site, store: Store, progress: Progress) -> None:
    spec = pinned(site.serve("/m"))
    first = obtain(spec, store, MEANS, progress)
    assert first.read_bytes() == CONTENT
    assert obtain(spec, store, MEANS, progress) == first
    assert len(site.requests) == 1


def test_a_file_url_is_copied(tmp_path: Path, store: Store, progress: Progress) -> None:
    path = tmp_path / "a file.bin"
    path.write_bytes(CONTENT)
    assert obtain(pinned(path.as_uri()), store, MEANS, progress).read_bytes() == CONTENT


def test_wrong_content_is_fetched_again_only_if_part_of_it_was_old(
    site: Site, store: Store, progress: Progress
) -> None:
    spec = pinned(site.serve("/m"))
    old = store.partial(spec.pinned)
    old.parent.mkdir(parents=True)
    old.write_bytes(b"x" * 1000)
    assert obtain(spec, store, MEANS, progress).read_bytes() == CONTENT
    assert site.requests == [("/m", "bytes=1000-"), ("/m", None)]


def test_wrong_content_is_refused(site: Site, store: Store, progress: Progress) -> None:
    spec = pinned(site.serve("/m", content=CONTENT[::-1]))
    with pytest.raises(WeightsError, match=f"its sha256 is .*, but {spec.pinned.value} is pinned"):
        obtain(spec, store, MEANS, progress)
    assert len(site.requests) == 1
    assert not store.partial(spec.pinned).exists()


def test_a_file_without_a_digest_is_not_even_fetched(
    site: Site, store: Store, progress: Progress
) -> None:
    spec = Spec(name="model", source=site.serve("/m"), digest=None, size=len(CONTENT))
    with pytest.raises(
        WeightsError, match=r"^model: no digest is pinned.*pants lock-weights.*:model$"
    ):
        obtain(spec, store, MEANS, progress)
    assert site.requests == []


def test_a_sha384_is_enforced_too(site: Site, store: Store, progress: Progress) -> None:
    url = site.serve("/m")
    for content, fits in ((CONTENT, True), (CONTENT[::-1], False)):
        digest = f"sha384:{hashlib.sha384(content).hexdigest()}"
        spec = Spec(name="model", source=url, digest=digest, size=len(content))
        if fits:
            assert obtain(spec, store, MEANS, progress).read_bytes() == CONTENT
        else:
            with pytest.raises(WeightsError, match=r"its sha384 is \w{96}, but"):
                obtain(spec, store, MEANS, progress)


def test_mirrors_are_tried_in_order(site: Site, store: Store, progress: Progress) -> None:
    wrong = site.serve("/wrong", content=CONTENT[::-1])
    spec = pinned(site.url("/none"), wrong, site.serve("/right"), site.serve("/unneeded"))
    assert obtain(spec, store, MEANS, progress).read_bytes() == CONTENT
    assert [path for path, _ in site.requests] == ["/none", "/wrong", "/right"]


def test_a_mirror_resumes_where_the_source_broke_off(
    site: Site, store: Store, progress: Progress
) -> None:
    broken = site.serve("/broken", cuts=[900_000, 0, 0, 0])
    obtain(pinned(broken, site.serve("/m")), store, MEANS, progress)
    assert site.requests[-1] == ("/m", "bytes=900000-")


def test_the_users_mirror_folder_comes_before_the_network(
    site: Site, store: Store, progress: Progress, lines: io.StringIO, tmp_path: Path
) -> None:
    folder = tmp_path / "mirror"
    folder.mkdir()
    (folder / "renamed").write_bytes(CONTENT)
    means = Means(mirror=folder)
    assert obtain(pinned(site.serve("/m")), store, means, progress).read_bytes() == CONTENT
    assert site.requests == []
    assert f"model: taken from {folder / 'renamed'}\n" in lines.getvalue()


def test_the_error_names_each_source_its_reason_and_the_remedy(
    site: Site, store: Store, progress: Progress, tmp_path: Path
) -> None:
    spec = pinned(site.url("/none"), (tmp_path / "gone").as_uri())
    with pytest.raises(WeightsError) as caught:
        obtain(spec, store, MEANS, progress)
    assert str(caught.value) == (
        f"model: its weights could not be fetched from {site.url('/none')}: HTTP 404 Not Found; "
        f"nor from {(tmp_path / 'gone').as_uri()}: No such file or directory. Run this again, or "
        f"put the file (1.5 MB, {spec.pinned}) into a folder and set "
        "MODELYARD_WEIGHTS_MIRROR to it"
    )


def test_a_tarball_from_a_fake_npm(store: Store, progress: Progress, tmp_path: Path) -> None:
    npm = tmp_path / "npm"
    npm.write_text(
        "#!/bin/sh\n"
        'for argument in "$@"; do case "$argument" in\n'
        '  --pack-destination=*) printf tarball > "${argument#*=}/models-1.0.0.tgz" ;;\n'
        "esac; done\n"
    )
    npm.chmod(0o755)
    spec = pinned("npm:models@1.0.0", content=b"tarball", members={"package/m": "m"})
    assert obtain(spec, store, Means(npm=npm), progress).read_bytes() == b"tarball"
