"""Files that a function never reads: tests, compilers' inputs, code for absent devices."""

import re
from pathlib import PurePosixPath
from typing import Final

# Headers, import libraries and sources of compiled modules.
_FOR_COMPILERS: Final = frozenset(
    {".a", ".bc", ".c", ".cc", ".cpp", ".cu", ".cuh", ".h", ".hpp", ".lib", ".pxd", ".pyx", ".pxi"}
)
# Names of test folders; not `testing`, since numpy and torch import theirs.
_TESTS: Final = frozenset({"tests"})
# No image has a compiler. Triton, which only `torch.compile` imports, asks for gcc at its first
# kernel; protoc and CMake's files are for building against torch.
_NEEDS_A_COMPILER: Final = re.compile(r"(triton|torch/share/cmake)/|torch/bin/protoc")
# Libraries that neither torch nor another CUDA library links to or opens: cuSOLVER for several
# GPUs, the second build of the run-time compiler, CUDA with the interfaces of FFTW and BLAS; and
# those that only profilers open, to read a GPU's counters.
_UNUSED_CUDA: Final = re.compile(
    r"nvidia/\w+/lib/lib(cusolverMg|nvrtc(-builtins)?\.alt|cufftw|nvblas"
    r"|nvperf_(host|target)|pcsamplingutil|checkpoint)\.so"
)
# OpenVINO's plugins for Intel GPUs and NPUs: no image has their drivers.
_ABSENT_DEVICES: Final = re.compile(
    r"openvino/libs/(libopenvino_intel_[gn]pu_plugin\.so|cache\.json)"
)


def is_needed(path: str) -> bool:
    """Whether a function may need the file at this path in site-packages."""
    pure = PurePosixPath(path)
    # A top-level package may be named `tests`; within a package, these are its own tests.
    if not _TESTS.isdisjoint(pure.parts[1:-1]):
        return False
    if pure.suffix in _FOR_COMPILERS:
        return False
    unused = (_NEEDS_A_COMPILER, _UNUSED_CUDA, _ABSENT_DEVICES)
    return not any(pattern.match(path) for pattern in unused)
