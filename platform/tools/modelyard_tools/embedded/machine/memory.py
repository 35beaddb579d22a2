"""How much memory processes hold."""

from collections.abc import Iterable

import psutil


def resident_bytes(pids: Iterable[int]) -> int:
    """Return the resident memory of these processes together; those that are gone hold none."""
    return sum(_resident(pid) for pid in pids)


def _resident(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
