"""Threads per worker, so that all workers together use every core once."""

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from modelyard_contract.variables import THREADS

# Libraries read these once, on loading.
_LIBRARIES: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_CPU_MAX: Final = Path("/sys/fs/cgroup/cpu.max")
# Of GNU's OpenMP, which torch includes, or of any; both control how threads wait.
_SPINS: Final = "GOMP_SPINCOUNT"
_WAITING: Final = (_SPINS, "OMP_WAIT_POLICY")
# That library's own value if there are more threads than cores.
_FEW_SPINS: Final = "1000"


def available_cores() -> int:
    """Return how many cores this process may use, by its affinity and its container's quota."""
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
        ValueError: `workers` is less than 1.
    """
    if workers < 1:
        raise ValueError(f"there must be at least one worker, not {workers}")
    return max(1, (available_cores() if cores is None else cores) // workers)


def thread_env(threads: int) -> dict[str, str]:
    """Return the environment that limits a worker's libraries to this many threads."""
    return dict.fromkeys((THREADS, *_LIBRARIES), str(threads))


def threads_from_env(env: Mapping[str, str] | None = None) -> int:
    """Read MODELYARD_THREADS; all available cores if it is unset or empty.

    Raises:
        ValueError: it is not a whole number above 0.
    """
    value = (os.environ if env is None else env).get(THREADS, "")
    if not value:
        return available_cores()
    if not (value.isascii() and value.isdigit() and int(value)):
        raise ValueError(f"{THREADS} must be a whole number above 0, not {value!r}")
    return int(value)


def wait_asleep() -> None:
    """Make waiting OpenMP threads sleep soon instead of spinning.

    Spinning, about a millisecond by default, pays only if no other process needs the core. But
    several functions share a machine: waiting threads of one would block working threads of
    another. Applies to libraries loaded after the call, unless the environment configures waiting.
    """
    if not any(name in os.environ for name in _WAITING):
        os.environ[_SPINS] = _FEW_SPINS
