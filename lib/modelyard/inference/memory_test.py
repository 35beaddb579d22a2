"""Freed memory is reused without asking the system."""

import subprocess
import sys
from pathlib import Path

import pytest

from modelyard.inference import memory

_LIB = Path(memory.__file__).parents[2]
# Eight maps of 20 MiB at a time, as in a network; counts the page faults of the second round.
_PROGRAM = """
import resource
import numpy as np
from modelyard.inference.memory import keep_freed_memory

def run():
    maps = [np.ones(20 << 20, np.uint8) for _ in range(8)]

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

if {keeping}:
    keep_freed_memory()
run()
before = faults()
run()
print(faults() - before)
"""


def faults(keeping: bool, **env: str) -> int:
    """Return how many pages the system had to zero again."""
    ran = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(keeping=keeping)],
        env={"PYTHONPATH": f"{_LIB}:{':'.join(sys.path)}", **env},
        check=True,
        capture_output=True,
        text=True,
    )
    return int(ran.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="only the GNU C library knows of it")
def test_memory_is_kept_and_used_again() -> None:
    given_back, kept = faults(keeping=False), faults(keeping=True)
    # 160 MiB are 40960 pages of 4 KiB.
    assert given_back > 1000
    assert kept < given_back / 10


def test_what_the_operator_says_counts() -> None:
    assert faults(keeping=True, MALLOC_TRIM_THRESHOLD_="0") > 1000
