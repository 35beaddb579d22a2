"""How much memory processes use."""

from collections.abc import Iterable

import psutil


def resident_bytes(pids: Iterable[int]) -> int:
    """Return the total resident memory of these processes; those that are gone count as 0."""
    return sum(_resident(pid) for pid in pids)


def _resident(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
