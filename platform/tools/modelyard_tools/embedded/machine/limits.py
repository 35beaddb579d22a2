"""Limits on a function's memory and processor time, enforced as well as the system permits.

A control group limits all workers of a function together, as a container would.
Without one, each worker gets its share as a resource limit (RLIMIT_DATA: the
private memory it may allocate, touched or not) and the function is pinned to as
many whole cores as needed.
"""

import contextlib
import logging
import math
import os
import resource
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

from modelyard_tools.embedded.machine.cgroup import Groups
from modelyard_tools.releases.config import Limits

_log = logging.getLogger(__name__)


class Confinement(Protocol):
    """Enforced limits."""

    means: Literal["cgroup", "rlimit", "none"]

    def admit(self, pid: int) -> None:
        """Apply the limits to a process that has just been started, and all that it will start.

        Raises:
            OSError: it is not possible.
        """

    def end(self) -> None:
        """Release the resources of the limits, once the processes are gone."""


class Confiner:
    """Enforces limits, and spreads functions that are pinned to cores over them."""

    def __init__(self, open_groups: Callable[[], Groups | None] = Groups.open) -> None:
        self._open_groups = open_groups
        self._groups: Groups | None = None
        self._looked = False
        self._taken: Counter[int] = Counter()

    def confine(self, name: str, limits: Limits, workers: int) -> Confinement:
        """Return the enforced limits of a function with this many workers."""
        if not limits.any:
            return _Nothing()
        if not self._looked:
            # Created lazily: a platform without limits stays in the group it was started in.
            self._groups, self._looked = self._open_groups(), True
        if self._groups:
            try:
                group = self._groups.make(name, memory=limits.memory, cpus=limits.cpus)
                return _Group(group)
            except OSError as error:
                _log.warning("no control group: %s", error, extra={"function": name})
        return _Rlimits(limits, workers, self._taken)


class _Nothing:
    means: Literal["cgroup", "rlimit", "none"] = "none"

    def admit(self, pid: int) -> None:
        pass

    def end(self) -> None:
        pass


class _Group:
    means: Literal["cgroup", "rlimit", "none"] = "cgroup"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def admit(self, pid: int) -> None:
        (self._folder / "cgroup.procs").write_text(str(pid))

    def end(self) -> None:
        # A group that still contains a process is removed by the next platform.
        with contextlib.suppress(OSError):
            self._folder.rmdir()


class _Rlimits:
    means: Literal["cgroup", "rlimit", "none"] = "rlimit"

    def __init__(self, limits: Limits, workers: int, taken: Counter[int]) -> None:
        self._bytes = limits.memory // workers if limits.memory is not None else None
        self._taken = taken
        self._cores = _least_taken(limits.cpus, taken) if limits.cpus is not None else set()
        taken.update(self._cores)

    def admit(self, pid: int) -> None:
        if self._bytes is not None:
            resource.prlimit(pid, resource.RLIMIT_DATA, (self._bytes, self._bytes))
        if self._cores:
            os.sched_setaffinity(pid, self._cores)

    def end(self) -> None:
        self._taken.subtract(self._cores)
        self._cores = set()


def _least_taken(cpus: float, taken: Counter[int]) -> set[int]:
    """Return the least used cores, as many as `cpus` needs."""
    ours = sorted(os.sched_getaffinity(0), key=lambda core: (taken[core], core))
    return set(ours[: math.ceil(cpus)])
