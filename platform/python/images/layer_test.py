"""Layers: the same bytes from the same files, wherever and by whomever they were packaged."""

import gzip
import hashlib
import os
import tarfile
import zipfile
from pathlib import Path

import msgspec
import pytest

from images import pexes
from images.build import main
from images.environment import add_modules
from images.layer import Layer, write_layer
from images.tree import Tree

CODE = b"NAMES = frozenset({'a', 'b', 'c', 'd'})\n\ndef f(x):\n    return x in {'p', 'q', 'r'}\n"


def blob(folder: Path, layer: Layer) -> Path:
    return folder / "blobs" / layer.digest.replace(":", "/")


def names_in(folder: Path, name: str) -> set[str]:
    layer = msgspec.json.decode((folder / f"{name}.json").read_bytes(), type=Layer)
    with tarfile.open(blob(folder, layer)) as tar:
        return set(tar.getnames())


def write_sources(folder: Path, *, umask: int, mtime: float) -> Path:
    """Write a loose folder of sources as a machine with this umask and clock would."""
    old = os.umask(umask)
    try:
        for name in ("acme/__init__.py", "acme/handler.py", "lib/nms.py"):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(CODE)
            os.utime(path, (mtime, mtime))
        (folder / "PEX-INFO").write_text("{}")
    finally:
        os.umask(old)
    return folder


def zipped(folder: Path, to: Path) -> Path:
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.rglob("*"):
            archive.write(path, path.relative_to(folder))
    return to


def function_layer(pex: Path, out: Path, package: str = "acme") -> bytes:
    (out.parent / "model.json").write_bytes(b"{}")
    (out.parent / "function.yaml").write_bytes(b"spec: {}\n")
    files = ["--model", str(out.parent / "model.json"), "--spec", str(out.parent / "function.yaml")]
    options = ["--sources", str(pex), "--package", package, "--out", str(out)]
    assert main(["function", *options, *files]) == 0
    return (out / "srcs.json").read_bytes()


def test_umask_clock_place_and_kind_of_package_leave_no_trace(tmp_path: Path) -> None:
    one = write_sources(tmp_path / "here", umask=0o022, mtime=1e9)
    other = write_sources(tmp_path / "over" / "there", umask=0o077, mtime=1.7e9)
    found = {
        function_layer(one, tmp_path / "1"),
        function_layer(other, tmp_path / "2"),
        function_layer(zipped(other, tmp_path / "srcs.pex"), tmp_path / "3"),
    }
    assert len(found) == 1


def test_everything_in_a_layer_is_roots_and_readable_by_all(tmp_path: Path) -> None:
    write_sources(tmp_path / "pex", umask=0o077, mtime=1e9)
    tree = Tree()
    add_modules(tree, "srcs", [pexes.sources(tmp_path / "pex")])
    tree.add_link("bin/python", "/usr/bin/python3.11")
    layer = write_layer("x", tree, tmp_path / "out")
    with tarfile.open(blob(tmp_path / "out", layer)) as tar:
        members = tar.getmembers()
    assert {(m.uid, m.gid, m.uname, m.gname, m.mtime) for m in members} == {(0, 0, "", "", 0)}
    assert {m.mode for m in members if m.isreg()} == {0o644}
    assert {m.mode for m in members if m.isdir()} == {0o755}
    names = [m.name for m in members]
    assert names == sorted(names)
    assert "srcs/acme/__pycache__/handler.cpython-311.pyc" in names


def test_both_digests_are_of_what_was_written(tmp_path: Path) -> None:
    tree = Tree()
    # More than one member of the gzip.
    tree.add_bytes("big", os.urandom(9 * 1024 * 1024))
    layer = write_layer("x", tree, tmp_path)
    compressed = blob(tmp_path, layer).read_bytes()
    assert layer.digest == f"sha256:{hashlib.sha256(compressed).hexdigest()}"
    assert layer.diff_id == f"sha256:{hashlib.sha256(gzip.decompress(compressed)).hexdigest()}"
    assert layer.size == len(compressed)
    assert layer.files_size == 9 * 1024 * 1024


def test_the_handlers_package_and_the_code_it_shares_are_two_layers(tmp_path: Path) -> None:
    pex = write_sources(tmp_path / "pex", umask=0o022, mtime=1e9)
    before = function_layer(pex, tmp_path / "a")
    options = ["library", "--sources", str(pex), "--package", "acme", "--out"]
    assert main([*options, str(tmp_path / "l1")]) == 0
    (pex / "acme" / "handler.py").write_bytes(CODE + b"# edited\n")
    assert main([*options, str(tmp_path / "l2")]) == 0
    assert (tmp_path / "l1" / "lib.json").read_bytes() == (
        tmp_path / "l2" / "lib.json"
    ).read_bytes()
    assert function_layer(pex, tmp_path / "b") != before


def test_packages_in_a_layer_of_their_own_lie_where_they_did_together(tmp_path: Path) -> None:
    pex = tmp_path / "x.pex"
    for name in ("large", "small"):
        package = pex / ".deps" / f"{name}-1.0.whl" / name
        package.mkdir(parents=True)
        (package / "__init__.py").write_bytes(CODE)
    (pex / "PEX-INFO").write_text("{}")
    environment = ["environment", "--pex", str(pex), "--name", "deps", "--out"]
    assert main([*environment, str(tmp_path / "all")]) == 0
    (tmp_path / "wheels").mkdir()
    (pex / ".deps" / "large-1.0.whl").rename(tmp_path / "wheels" / "large-1.0.whl")
    assert main([*environment, str(tmp_path / "rest")]) == 0
    packages = ["packages", "--name", "deps-large", "--from", str(tmp_path / "wheels")]
    assert main([*packages, "--into", "deps", "--out", str(tmp_path / "large")]) == 0
    large, rest = names_in(tmp_path / "large", "deps-large"), names_in(tmp_path / "rest", "deps")
    assert large | rest == names_in(tmp_path / "all", "deps")
    assert {name for name in large & rest if not name.endswith("/site-packages")} == {
        "opt",
        "opt/modelyard",
        "opt/modelyard/deps",
        "opt/modelyard/deps/lib",
        "opt/modelyard/deps/lib/python3.11",
    }


def test_what_cannot_be_built_is_one_line_and_exit_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["environment", "--pex", str(tmp_path), "--name", "x", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"{tmp_path} is no PEX: it has no PEX-INFO\n"
