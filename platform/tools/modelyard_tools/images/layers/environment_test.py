"""Environments: what is left out, and that Python uses the compiled modules."""

import subprocess
import sys
from pathlib import Path

import pytest

from modelyard_tools.images.layers.bytecode import compiled, pyc_path
from modelyard_tools.images.layers.prune import is_needed


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
        ("openvino/libs/libopenvino_intel_cpu_plugin.so", True),
        ("openvino/libs/libopenvino_intel_gpu_plugin.so", False),
        ("openvino/libs/libopenvino_intel_npu_plugin.so", False),
        ("openvino/libs/cache.json", False),
    ],
)
def test_large_packages_keep_what_is_linked_or_opened(path: str, needed: bool) -> None:
    assert is_needed(path) is needed


def test_python_takes_the_compiled_module_without_its_source(tmp_path: Path) -> None:
    source = str(tmp_path / "m.py")
    [(path, pyc)] = compiled([[(source, b"print(__file__, {'a', 'b'} == {'b', 'a'})")]])
    assert path == pyc_path(source)
    Path(path).parent.mkdir()
    Path(path).write_bytes(pyc)
    # An unchecked .pyc is used even if the source differs.
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
