"""Tests of `modelyard_tools.weights.sources.archive`."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from modelyard_tools.weights.errors import WeightsError
from modelyard_tools.weights.sources.archive import extract

Maker = Callable[[Path, dict[str, bytes]], None]

FILES = {"package/a.bin": b"a" * 1000, "package/deep/b.json": b"{}", "package/c": b"unwanted"}
WANTED = {"package/a.bin": "a.bin", "package/deep/b.json": "json/b.json"}


def make_zip(path: Path, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in files.items():
            bundle.writestr(name, content)


def make_tar(compress: Callable[[bytes], bytes]) -> Maker:
    def make(path: Path, files: dict[str, bytes]) -> None:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as bundle:
            for name, content in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                bundle.addfile(entry, io.BytesIO(content))
        path.write_bytes(compress(buffer.getvalue()))

    return make


make_plain_tar = make_tar(bytes)
make_tgz = make_tar(gzip.compress)
make_txz = make_tar(lzma.compress)
MAKERS = pytest.mark.parametrize(
    "make",
    [make_zip, make_plain_tar, make_tgz, make_tar(bz2.compress), make_txz],
    ids=["zip", "tar", "tgz", "tbz2", "txz"],
)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def content_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@MAKERS
def test_wanted_members_and_nothing_else(archive: Path, out: Path, make: Maker) -> None:
    make(archive, FILES)
    extract(archive, WANTED, out)
    assert content_of(out) == {"a.bin": b"a" * 1000, "json/b.json": b"{}"}
    assert {path.name for path in out.iterdir()} == {"a.bin", "json"}


@MAKERS
def test_missing_members_are_named_and_nothing_is_written(
    archive: Path, out: Path, make: Maker
) -> None:
    make(archive, FILES)
    with pytest.raises(WeightsError, match=r"the archive does not contain a, package/d$"):
        extract(archive, WANTED | {"package/d": "d", "a": "e"}, out)
    assert list(out.iterdir()) == []


@MAKERS
def test_more_than_allowed_is_not_unpacked(archive: Path, out: Path, make: Maker) -> None:
    make(archive, FILES)
    extract(archive, WANTED, out, largest=1002)
    with pytest.raises(WeightsError, match="larger than may be unpacked"):
        extract(archive, WANTED, out, largest=1001)


def test_unwanted_members_of_a_tar_count_as_well(archive: Path, out: Path) -> None:
    make_tgz(archive, {"bomb": bytes(100_000), **FILES})
    with pytest.raises(WeightsError, match="larger than may be unpacked"):
        extract(archive, WANTED, out, largest=99_999)


@MAKERS
def test_members_that_lead_out_of_the_folder_stay_where_they_are(
    archive: Path, out: Path, tmp_path: Path, make: Maker
) -> None:
    make(archive, {"../evil": b"x", str(tmp_path / "evil"): b"x", **FILES})
    extract(archive, WANTED, out)
    assert content_of(tmp_path).keys() == {"archive", "out/a.bin", "out/json/b.json"}


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE]
)
def test_only_plain_files_are_taken_from_a_tar(archive: Path, out: Path, kind: bytes) -> None:
    with tarfile.open(archive, "w:gz") as bundle:
        entry = tarfile.TarInfo("package/a.bin")
        entry.type = kind
        entry.linkname = "/etc/passwd"
        bundle.addfile(entry)
    with pytest.raises(WeightsError, match=r"package/a.bin in the archive is not a plain file"):
        extract(archive, WANTED, out)
    assert list(out.iterdir()) == []


def test_a_link_in_a_zip_is_not_taken(archive: Path, out: Path) -> None:
    link = zipfile.ZipInfo("package/a.bin")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.writestr(link, "/etc/passwd")
    with pytest.raises(WeightsError, match="is not a plain file"):
        extract(archive, WANTED, out)


def test_a_file_made_elsewhere_has_no_file_type_in_a_zip(archive: Path, out: Path) -> None:
    entry = zipfile.ZipInfo("package/a.bin")
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.writestr(entry, b"x")
        bundle.getinfo("package/a.bin").external_attr = 0
    extract(archive, {"package/a.bin": "a"}, out)
    assert content_of(out) == {"a": b"x"}


def test_what_the_output_folder_links_to_is_not_written_through(
    archive: Path, out: Path, tmp_path: Path
) -> None:
    make_zip(archive, FILES)
    out.mkdir()
    (tmp_path / "precious").write_bytes(b"precious")
    (out / "a.bin").symlink_to(tmp_path / "precious")
    extract(archive, WANTED, out)
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert (out / "a.bin").read_bytes() == b"a" * 1000


def test_a_leading_dot_in_a_tar_is_ignored(archive: Path, out: Path) -> None:
    make_tgz(archive, {f"./{name}": content for name, content in FILES.items()})
    extract(archive, WANTED, out)
    assert content_of(out).keys() == {"a.bin", "json/b.json"}


def test_a_tar_that_ends_like_a_zip_is_read_as_a_tar(archive: Path, out: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as bundle:
        bundle.writestr("package/a.bin", b"wrong")
    make_plain_tar(archive, {**FILES, "inner.zip": inner.getvalue()})
    extract(archive, WANTED, out)
    assert content_of(out)["a.bin"] == b"a" * 1000


@pytest.mark.parametrize("make", [make_zip, make_tgz, make_txz])
@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_a_truncated_archive_is_an_error_of_one_line(
    archive: Path, out: Path, make: Maker, keep: float
) -> None:
    noise = {**FILES, "package/d.bin": bytes(range(256)) * 40}
    make(archive, noise)
    data = archive.read_bytes()
    archive.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(WeightsError, match=r"damaged|holds no") as caught:
        extract(archive, {**WANTED, "package/d.bin": "d"}, out)
    assert "\n" not in str(caught.value)
    assert list(out.iterdir()) == []


def test_a_file_that_is_no_archive_is_an_error_of_one_line(archive: Path, out: Path) -> None:
    archive.write_bytes(b"<html>please log in</html>")
    with pytest.raises(WeightsError, match="damaged or of unknown kind") as caught:
        extract(archive, WANTED, out)
    assert "\n" not in str(caught.value)
