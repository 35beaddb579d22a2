"""Debian packages, locked by digest and unpacked without installing them."""

import hashlib
import http.server
import io
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard_contract.variables import DEBIAN_MIRRORS
from modelyard_tools.images.errors import ImageToolError
from modelyard_tools.images.layers import base, debian


def tar(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:xz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o644
            archive.addfile(info, io.BytesIO(content))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return out.getvalue()


def deb(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    """Build a Debian package of these files."""
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.xz": tar({"./control": b"Package: acme\n"}),
        "data.tar.xz": tar(files, links),
    }
    content = b"!<arch>\n"
    for name, data in members.items():
        content += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode()
        content += data + b"\n" * (len(data) % 2)
    return content


ACME = deb(
    {
        "./lib/x86_64-linux-gnu/libacme.so.1.0": b"elf",
        "./usr/share/doc/acme/copyright": b"MIT",
        "./usr/share/doc/acme/changelog.gz": b"long",
        "./usr/share/man/man1/acme.1": b"manual",
        "./usr/share/ca-certificates/mozilla/A.crt": b"A\n",
        "./usr/share/ca-certificates/mozilla/B.crt": b"B\n",
        "./usr/lib/python3.11/m.py": b"x = 1",
    },
    {"./lib/x86_64-linux-gnu/libacme.so.1": "libacme.so.1.0"},
)


def package(content: bytes = ACME) -> debian.Package:
    digest = hashlib.sha256(content).hexdigest()
    file = "pool/a/acme_1+2.deb"
    return debian.Package(name="acme", version="1+2", file=file, sha256=digest, size=len(content))


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Serve a folder as the only archive."""
    folder = tmp_path / "archive"
    (folder / "pool" / "a").mkdir(parents=True)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(folder))  # type: ignore[arg-type]

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(debian, "_machine_archives", lambda: iter(()))
    monkeypatch.setenv(DEBIAN_MIRRORS, f"{url}/ http://127.0.0.1:1/nobody")
    yield folder
    server.shutdown()
    server.server_close()


def test_only_needed_files_are_kept_where_debian_puts_them(archive: Path, tmp_path: Path) -> None:
    (archive / "pool/a/acme_1+2.deb").write_bytes(ACME)
    lock = debian.Lock(suite="bookworm", architecture="amd64", packages=(package(),))
    nodes = dict(base.base_tree(lock, tmp_path / "cache"))
    usr = "usr/lib/x86_64-linux-gnu"
    assert nodes[f"{usr}/libacme.so.1"].target == "libacme.so.1.0"
    assert nodes["lib"].target == "usr/lib"
    assert nodes["tmp"].mode == 0o1777
    read = {path: node.read() for path, node in nodes.items() if node.read}
    assert read[f"{usr}/libacme.so.1.0"] == b"elf"
    assert read["etc/ssl/certs/ca-certificates.crt"] == b"A\nB\n"
    assert read["var/lib/dpkg/status.d/acme"] == b"Package: acme\n"
    assert b"modelyard:x:65532" in read["etc/passwd"]
    assert "usr/share/doc/acme/copyright" in read
    assert "usr/lib/python3.11/__pycache__/m.cpython-311.pyc" in read
    assert not [path for path in read if "man" in path or "changelog" in path]


def test_a_package_is_fetched_once(archive: Path, tmp_path: Path) -> None:
    served = archive / "pool/a/acme_1+2.deb"
    served.write_bytes(ACME)
    assert debian.obtain(package(), tmp_path / "cache") == ACME
    served.unlink()
    assert debian.obtain(package(), tmp_path / "cache") == ACME


def test_a_package_with_another_digest_is_refused(archive: Path, tmp_path: Path) -> None:
    (archive / "pool/a/acme_1+2.deb").write_bytes(ACME + b"x")
    with pytest.raises(ImageToolError, match=r"wrong digest.*name an archive that still has it"):
        debian.obtain(package(), tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_an_invalid_package_is_named() -> None:
    with pytest.raises(ImageToolError, match="acme: not a Debian package"):
        debian.unpack(b"hello", "acme")


def test_a_lock_holds_what_apt_knows() -> None:
    records = (
        "Package: b\nVersion: 2\nFilename: pool/b.deb\nSHA256: bb\nSize: 7\n\n"
        "Package: a\nVersion: 1:1\nFilename: pool/a.deb\nSHA256: aa\nSize: 5\n"
    )
    lock = debian.locked(["b", "a"], "bookworm", "amd64", records)
    assert [(p.name, p.version, p.sha256, p.size) for p in lock.packages] == [
        ("a", "1:1", "aa", 5),
        ("b", "2", "bb", 7),
    ]
    with pytest.raises(ImageToolError, match="apt does not know c; run `apt-get update`"):
        debian.locked(["a", "c"], "bookworm", "amd64", records)


def test_a_machine_like_the_base_builds_images() -> None:
    base.check_machine("amd64", "Linux", "x86_64")
    base.check_machine("arm64", "Linux", "aarch64")


@pytest.mark.parametrize(("system", "machine"), [("Linux", "aarch64"), ("Darwin", "x86_64")])
def test_another_machine_is_told_what_to_do(system: str, machine: str) -> None:
    with pytest.raises(ImageToolError, match=f"for amd64.*{system} on {machine}.*base_image"):
        base.check_machine("amd64", system, machine)
