"""Layers: the same bytes from the same files, whoever packages them and wherever."""

import gzip
import hashlib
import os
import tarfile
from pathlib import Path

import msgspec
import pytest

from modelyard_tools.images.layers.build import main
from modelyard_tools.images.layers.conftest import WriteWheel
from modelyard_tools.images.layers.environment import add_modules
from modelyard_tools.images.layers.layer import (
    COMPRESSED,
    PLAIN,
    Layer,
    compress_layer,
    write_layer,
)
from modelyard_tools.images.layers.members import members_in
from modelyard_tools.images.layers.tree import Tree

CODE = b"NAMES = frozenset({'a', 'b', 'c', 'd'})\n\ndef f(x):\n    return x in {'p', 'q', 'r'}\n"


def blob(folder: Path, layer: Layer) -> Path:
    return folder / "blobs" / layer.digest.replace(":", "/")


def names_in(folder: Path, name: str) -> set[str]:
    layer = msgspec.json.decode((folder / f"{name}.json").read_bytes(), type=Layer)
    with tarfile.open(blob(folder, layer)) as tar:
        return set(tar.getnames())


def write_sources(folder: Path, *, umask: int, mtime: float) -> Path:
    """Write a folder of sources as a machine with this umask and clock would."""
    old = os.umask(umask)
    try:
        for name in ("acme/__init__.py", "acme/handler.py", "lib/nms.py"):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(CODE)
            os.utime(path, (mtime, mtime))
    finally:
        os.umask(old)
    return folder


def function_layer(sources: Path, out: Path, package: str = "acme") -> bytes:
    (out.parent / "model.json").write_bytes(b"{}")
    (out.parent / "function.yaml").write_bytes(b"spec: {}\n")
    files = ["--model", str(out.parent / "model.json"), "--spec", str(out.parent / "function.yaml")]
    options = ["--sources", str(sources), "--package", package, "--out", str(out)]
    assert main(["function", *options, *files]) == 0
    return (out / "srcs.json").read_bytes()


def test_umask_clock_and_place_leave_no_trace(tmp_path: Path) -> None:
    one = write_sources(tmp_path / "here", umask=0o022, mtime=1e9)
    other = write_sources(tmp_path / "over" / "there", umask=0o077, mtime=1.7e9)
    assert function_layer(one, tmp_path / "1") == function_layer(other, tmp_path / "2")


def test_everything_in_a_layer_is_roots_and_readable_by_all(tmp_path: Path) -> None:
    folder = write_sources(tmp_path / "srcs", umask=0o077, mtime=1e9)
    tree = Tree()
    add_modules(tree, "srcs", [members_in(folder)])
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


def test_plain_or_compressed_a_layer_is_the_same_tar(tmp_path: Path) -> None:
    tree = Tree()
    # More than one member of the gzip.
    tree.add_bytes("big", os.urandom(9 * 1024 * 1024))
    plain = write_layer("x", tree, tmp_path / "plain")
    tar = blob(tmp_path / "plain", plain)
    small = compress_layer(plain, tar, tmp_path / "small")
    compressed = blob(tmp_path / "small", small).read_bytes()
    assert plain.digest == plain.diff_id == small.diff_id
    assert plain.diff_id == f"sha256:{hashlib.sha256(tar.read_bytes()).hexdigest()}"
    assert small.digest == f"sha256:{hashlib.sha256(compressed).hexdigest()}"
    assert gzip.decompress(compressed) == tar.read_bytes()
    assert (plain.size, small.size) == (tar.stat().st_size, len(compressed))
    assert (plain.media_type, small.media_type) == (PLAIN, COMPRESSED)
    assert plain.files_size == small.files_size == 9 * 1024 * 1024


def test_compressing_takes_what_building_wrote(tmp_path: Path) -> None:
    function_layer(write_sources(tmp_path / "srcs", umask=0o022, mtime=1e9), tmp_path / "plain")
    out = ["--out", str(tmp_path / "small")]
    assert main(["compress", "--layer", str(tmp_path / "plain" / "srcs.json"), *out]) == 0
    assert names_in(tmp_path / "plain", "srcs") == names_in(tmp_path / "small", "srcs")


def test_the_handlers_package_and_the_code_it_shares_are_two_layers(tmp_path: Path) -> None:
    srcs = write_sources(tmp_path / "srcs", umask=0o022, mtime=1e9)
    before = function_layer(srcs, tmp_path / "a")
    options = ["library", "--sources", str(srcs), "--package", "acme", "--out"]
    assert main([*options, str(tmp_path / "l1")]) == 0
    (srcs / "acme" / "handler.py").write_bytes(CODE + b"# edited\n")
    assert main([*options, str(tmp_path / "l2")]) == 0
    assert (tmp_path / "l1" / "lib.json").read_bytes() == (
        tmp_path / "l2" / "lib.json"
    ).read_bytes()
    assert function_layer(srcs, tmp_path / "b") != before


def test_packages_in_separate_layers_have_the_same_paths(
    tmp_path: Path, write_wheel: WriteWheel
) -> None:
    code = CODE.decode()
    wheels = {name: write_wheel(name, {f"{name}/__init__.py": code}) for name in ("large", "small")}

    def build(command: list[str], *packages: str) -> set[str]:
        layer = "-".join(["deps", *packages])
        (tmp_path / "pins.txt").write_text("\n".join(wheels[name] for name in packages))
        pins = ["--pins", str(tmp_path / "pins.txt"), "--out", str(tmp_path / layer)]
        assert main([*command, *pins]) == 0
        return names_in(tmp_path / layer, command[2])

    environment = ["environment", "--name", "deps"]
    every = build(environment, "large", "small")
    rest = build(environment, "small")
    large = build(["packages", "--name", "deps-large", "--into", "deps"], "large")
    assert large | rest == every
    assert {name for name in large & rest if not name.endswith("/site-packages")} == {
        "opt",
        "opt/modelyard",
        "opt/modelyard/deps",
        "opt/modelyard/deps/lib",
        "opt/modelyard/deps/lib/python3.11",
    }


def test_serving_layers_have_the_health_check_that_an_image_names(tmp_path: Path) -> None:
    for name, options in (("server", ["--serves"]), ("deps", [])):
        out = ["--out", str(tmp_path)]
        assert main(["environment", "--name", name, *options, *out]) == 0
    check = "opt/modelyard/health_check.py"
    assert names_in(tmp_path, "server") - names_in(tmp_path, "deps") >= {check}
    assert check not in names_in(tmp_path, "deps")


def test_the_packages_of_a_lock_are_written_with_their_pins(
    tmp_path: Path, write_wheel: WriteWheel
) -> None:
    pin = write_wheel("acme", {"acme.py": ""})
    (tmp_path / "x.lock").write_text(pin)
    (tmp_path / "asked.txt").write_text("acme\n")
    files = ["--lock", str(tmp_path / "x.lock"), "--asked", str(tmp_path / "asked.txt")]
    assert main(["closure", *files, "--out", str(tmp_path / "out")]) == 0
    [package] = msgspec.json.decode((tmp_path / "out" / "closure.json").read_bytes())
    assert (package["name"], package["pin"], package["needs"]) == ("acme", pin, [])


def test_what_cannot_be_built_is_one_line_and_exit_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pins = tmp_path / "pins.txt"
    pins.write_text("acme>=1\n")
    command = ["environment", "--pins", str(pins), "--name", "x", "--out", str(tmp_path)]
    assert main(command) == 1
    expected = "a lock may only contain versions with hashes, not 'acme>=1'\n"
    assert capsys.readouterr().err == expected
