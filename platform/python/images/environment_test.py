"""Environments made from PEXes: what goes in, what stays out, and that Python can use them."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from images import environment, pexes
from images.bytecode import compiled, pyc_path
from images.prune import is_needed
from images.tree import Tree

WHEEL = {
    ".layout.json": "{}",
    ".prefix/bin/tool": "#!python",
    "acme/__init__.py": "X = 1",
    "acme/template.py": "def {{ name }}():",
    "acme/include/acme.h": "",
    "acme/sub/tests/test_a.py": "",
    "acme/testing/__init__.py": "",
    "acme-1.0.dist-info/METADATA": "",
}


def packed(folder: Path) -> Path:
    """Write a packed PEX with one wheel."""
    (folder / ".deps").mkdir(parents=True)
    (folder / "PEX-INFO").write_text("{}")
    with zipfile.ZipFile(folder / ".deps" / "acme-1.0-py3-none-any.whl", "w") as wheel:
        for path, text in WHEEL.items():
            wheel.writestr(path, text)
    return folder


def zipapp(file: Path) -> Path:
    """Write the same as a single file."""
    with zipfile.ZipFile(file, "w") as pex:
        pex.writestr("PEX-INFO", "{}")
        for path, text in WHEEL.items():
            pex.writestr(f".deps/acme-1.0-py3-none-any.whl/{path}", text)
    return file


def paths(pex: Path) -> list[str]:
    tree = Tree()
    environment.add_modules(tree, "site", list(pexes.distributions(pex).values()))
    return [path for path, node in tree if node.read]


def test_every_layout_of_a_pex_gives_the_same(tmp_path: Path) -> None:
    assert paths(packed(tmp_path / "packed.pex")) == paths(zipapp(tmp_path / "zip.pex"))


def test_tests_headers_and_what_is_pexs_stay_out(tmp_path: Path) -> None:
    assert paths(packed(tmp_path / "x.pex")) == [
        "site/acme-1.0.dist-info/METADATA",
        "site/acme/__init__.py",
        "site/acme/__pycache__/__init__.cpython-311.pyc",
        "site/acme/template.py",
        "site/acme/testing/__init__.py",
        "site/acme/testing/__pycache__/__init__.cpython-311.pyc",
    ]


def test_only_folders_within_a_package_are_its_tests() -> None:
    assert is_needed("tests/helpers.py")
    assert is_needed("acme/tests.py")
    assert not is_needed("acme/tests/test_x.py")
    assert not is_needed("acme/lib/libacme.a")


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("nvidia/cu13/lib/libcusolver.so.12", True),
        ("nvidia/cu13/lib/libcusolverMg.so.12", False),
        ("nvidia/cu13/lib/libnvrtc.so.13", True),
        ("nvidia/cu13/lib/libnvrtc-builtins.so.13.0", True),
        ("nvidia/cu13/lib/libnvrtc.alt.so.13", False),
        ("nvidia/cuda_nvrtc/lib/libnvrtc-builtins.alt.so.12.8", False),
        ("nvidia/cudnn/lib/libcudnn_engines_precompiled.so.9", True),
        ("nvidia/cu13/lib/libcupti.so.13", True),
        ("nvidia/cu13/lib/libnvperf_host.so", False),
        ("triton/_C/libtriton.so", False),
        ("triton-3.7.1.dist-info/METADATA", True),
        ("torch/include/ATen/ATen.h", False),
        ("torch/bin/torch_shm_manager", True),
        ("torch/utils/_triton.py", True),
    ],
)
def test_of_cuda_and_torch_stays_what_is_linked_or_opened(path: str, needed: bool) -> None:
    assert is_needed(path) is needed


def test_python_takes_the_compiled_module_without_its_source(tmp_path: Path) -> None:
    source = str(tmp_path / "m.py")
    [(path, pyc)] = compiled([[(source, b"print(__file__, {'a', 'b'} == {'b', 'a'})")]])
    assert path == pyc_path(source)
    Path(path).parent.mkdir()
    Path(path).write_bytes(pyc)
    # An unchecked .pyc is used even where the source says something else.
    Path(source).write_text("raise SystemExit('compiled again')")
    done = subprocess.run(
        [sys.executable, "-c", "import m"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{source} True\n"


def test_compiling_twice_gives_the_same_bytes() -> None:
    module = [("/m.py", b"A = frozenset({'x', 'y', 'z'})\ndef f(v): return v in {'p', 'q', 'r'}")]
    many = [(f"/m{n}.py", f"N = {n}".encode()) for n in range(50)]
    assert compiled([module, many]) == compiled([module, many])
    assert compiled([module]) == compiled([module, many])[:1]
