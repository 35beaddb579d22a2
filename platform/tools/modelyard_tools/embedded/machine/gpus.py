"""Which function gets which GPU: by free memory, and in turn when there is none."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from modelyard_contract.limits import GIB
from modelyard_tools.embedded.machine.nvml import Gpu, NvmlError, read_gpus

_log = logging.getLogger(__name__)

# Other programs take and give back memory without telling us.
_POLL: Final = 1.0


class GpuError(Exception):
    """There is no GPU for a function; the text says why and what to do."""


class Lease:
    """The right to `need` bytes on each of the GPUs `uuids`, until it is given back.

    `gives_way` is asked when another function, or another version of the same,
    waits for memory; it is told the name, and begins to free its own or not.
    """

    def __init__(
        self, gpus: "Gpus", name: str, uuids: Sequence[str], need: int, gives_way: "GivesWay"
    ) -> None:
        self.name = name
        self.uuids = tuple(uuids)
        self.need = need
        self.gives_way = gives_way
        # Whether the memory is in use, so that NVML counts it as well.
        self.loaded = False
        self._gpus = gpus

    def give_back(self) -> None:
        """Let others have the memory. The processes must have ended."""
        self._gpus._release(self)


GivesWay = Callable[[str], bool]


class Gpus:
    """The GPUs with all leases on them. Who comes first is served first."""

    def __init__(self, read: Callable[[], list[Gpu]] = read_gpus) -> None:
        self._read = read
        self._leases: list[Lease] = []
        self._line = asyncio.Lock()
        self._changed = asyncio.Event()
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many functions wait for memory."""
        return self._waiting

    async def lease(
        self, name: str, *, count: int, need: int, patience: float, gives_way: GivesWay
    ) -> Lease:
        """Return a lease on `count` GPUs with `need` bytes each, once there are so many.

        Raises:
            GpuError: no such GPUs are in this machine, or none had so much left
                within `patience` seconds.
        """
        self._require_possible(count, need)
        self._waiting += 1
        try:
            async with asyncio.timeout(patience), self._line:
                return await self._wait(name, count, need, gives_way)
        except TimeoutError:
            raise GpuError(
                f"no GPU had {_gib(need)} free within {patience:g} s; {self._holders()}"
            ) from None
        finally:
            self._waiting -= 1

    async def _wait(self, name: str, count: int, need: int, gives_way: GivesWay) -> Lease:
        while not (chosen := self._choose(count, need)):
            self._changed.clear()
            self._ask_for_room(name)
            try:
                async with asyncio.timeout(_POLL):
                    await self._changed.wait()
            except TimeoutError:
                continue
        lease = Lease(self, name, chosen, need, gives_way)
        self._leases.append(lease)
        return lease

    def _release(self, lease: Lease) -> None:
        if lease in self._leases:
            self._leases.remove(lease)
            self._changed.set()

    def _ask_for_room(self, name: str) -> None:
        """Have one function at a time free its memory; the oldest lease is asked first."""
        for lease in self._leases:
            if lease.gives_way(name):
                _log.info("freeing GPU memory", extra={"function": lease.name, "for": name})
                return

    def _require_possible(self, count: int, need: int) -> None:
        try:
            gpus = self._read()
        except NvmlError as error:
            raise GpuError(f"it needs a GPU, but NVIDIA's driver reports: {error}") from None
        if sum(gpu.total >= need for gpu in gpus) >= count:
            return
        there = ", ".join(f"{gpu.name} with {_gib(gpu.total)}" for gpu in gpus) or "none"
        raise GpuError(
            f"it can never run here: it needs {count} GPU(s) with {_gib(need)} each, and there "
            f"is {there}; set `gpu_memory` to what it really uses, or use fewer workers"
        )

    def _choose(self, count: int, need: int) -> list[str]:
        """Return the GPUs with most memory left; none if there are not enough."""
        try:
            gpus = self._read()
        except NvmlError as error:
            _log.warning("cannot query GPU memory: %s", error)
            return []
        left = {gpu.uuid: self._left(gpu) for gpu in gpus}
        fitting = sorted((u for u in left if left[u] >= need), key=lambda u: (-left[u], u))
        return fitting[:count] if len(fitting) >= count else []

    def _left(self, gpu: Gpu) -> int:
        """Return what is free and will not soon be taken by a model that is being loaded."""
        here = [lease for lease in self._leases if gpu.uuid in lease.uuids]
        promised = sum(lease.need for lease in here)
        loading = sum(lease.need for lease in here if not lease.loaded)
        return min(gpu.total - promised, gpu.free - loading)

    def _holders(self) -> str:
        names = ", ".join(sorted({lease.name for lease in self._leases}))
        return f"functions that hold one: {names}" if names else "other programs hold it"


def _gib(size: int) -> str:
    return f"{size / GIB:.3g} GiB"
