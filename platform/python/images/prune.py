"""What a function never reads at run time: tests and what only compiles against a package."""

from pathlib import PurePosixPath
from typing import Final

# Headers, import libraries and sources of compiled modules.
_FOR_COMPILERS: Final = frozenset(
    {".a", ".c", ".cc", ".cpp", ".cu", ".cuh", ".h", ".hpp", ".lib", ".pxd", ".pyx", ".pxi"}
)
# Folders of tests by name; `testing` is no such name, numpy and torch import theirs.
_TESTS: Final = frozenset({"tests"})
# These read sources of their own kind at run time.
_KEEPS_ITS_SOURCES: Final = frozenset({"triton", "torch"})


def is_needed(path: str) -> bool:
    """Whether a function may need the file of this path in site-packages."""
    pure = PurePosixPath(path)
    # A package whose name is `tests` is somebody's; within a package it is what its authors run.
    if not _TESTS.isdisjoint(pure.parts[1:-1]):
        return False
    if pure.suffix in _FOR_COMPILERS:
        return pure.parts[0] in _KEEPS_ITS_SOURCES and pure.suffix != ".a"
    return True
