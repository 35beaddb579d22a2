"""How many threads a worker may use, so that all workers together use every core once."""

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from modelyard_contract.variables import THREADS

# Libraries read these once, when they are loaded.
_LIBRARIES: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_CPU_MAX: Final = Path("/sys/fs/cgroup/cpu.max")
# Of GNU's OpenMP, which torch brings along, or of any; either says how threads wait.
_SPINS: Final = "GOMP_SPINCOUNT"
_WAITING: Final = (_SPINS, "OMP_WAIT_POLICY")
# What that library itself takes where it sees more threads than cores.
_FEW_SPINS: Final = "1000"


def available_cores() -> int:
    """Return how many cores this process may use: its affinity and its container's quota."""
    allowed = len(os.sched_getaffinity(0))
    try:
        quota = _CPU_MAX.read_text()
    except OSError:
        return allowed
    return max(1, min(allowed, cores_of_quota(quota) or allowed))


def cores_of_quota(text: str) -> int | None:
    """Return the cores in a cgroup's `cpu.max` ("150000 100000" are 2), None for no limit."""
    quota, _, period = text.strip().partition(" ")
    if not (quota.isdigit() and period.isdigit() and int(period)):
        return None
    return math.ceil(int(quota) / int(period))


def threads_per_worker(workers: int, cores: int | None = None) -> int:
    """Return how many threads each of `workers` processes may use; at least 1.

    Raises:
        ValueError: there is no worker.
    """
    if workers < 1:
        raise ValueError(f"there must be at least one worker, not {workers}")
    return max(1, (available_cores() if cores is None else cores) // workers)


def thread_env(threads: int) -> dict[str, str]:
    """Return the environment that holds a worker's libraries to so many threads."""
    return dict.fromkeys((THREADS, *_LIBRARIES), str(threads))


def threads_from_env(env: Mapping[str, str] | None = None) -> int:
    """Read MODELYARD_THREADS; all available cores when it is unset or empty.

    Raises:
        ValueError: it is no whole number above 0.
    """
    value = (os.environ if env is None else env).get(THREADS, "")
    if not value:
        return available_cores()
    if not (value.isascii() and value.isdigit() and int(value)):
        raise ValueError(f"{THREADS} must be a whole number above 0, not {value!r}")
    return int(value)


def wait_asleep() -> None:
    """Let threads of OpenMP that wait for one another soon sleep instead of turning in a loop.

    The loop, of about a millisecond by default, pays only where no other process wants the core,
    and each function takes itself for the only one: a waiting thread of one would keep a working
    thread of another from its core, and so on in turns. Counts for libraries that are loaded
    after the call, and not where the environment says how to wait.
    """
    if not any(name in os.environ for name in _WAITING):
        os.environ[_SPINS] = _FEW_SPINS
