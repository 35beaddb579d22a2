"""Which function gets which GPU: by free memory, in order of arrival."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from modelyard_contract.limits import GIB
from modelyard_tools.embedded.machine.nvml import Gpu, NvmlError, read_gpus

_log = logging.getLogger(__name__)

# Other programs allocate and free memory without our knowledge.
_POLL: Final = 1.0


class GpuError(Exception):
    """No GPU is available for a function; the text says why and what to do."""


class Lease:
    """The right to `need` bytes on each of the GPUs `uuids`, until it is returned.

    `gives_way` is called with the name of a function (or the same one, for another
    version) that waits for memory; it starts to free its own or not.
    """

    def __init__(
        self, gpus: "Gpus", name: str, uuids: Sequence[str], need: int, gives_way: "GivesWay"
    ) -> None:
        self.name = name
        self.uuids = tuple(uuids)
        self.need = need
        self.gives_way = gives_way
        # Whether the memory is in use, so that NVML counts it too.
        self.loaded = False
        self._gpus = gpus

    def give_back(self) -> None:
        """Release the memory. The processes must have ended."""
        self._gpus._release(self)


GivesWay = Callable[[str], bool]


class Gpus:
    """The GPUs and all leases on them: first come, first served."""

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
        """Return a lease on `count` GPUs with `need` bytes each, once they are available.

        Raises:
            GpuError: this machine has no such GPUs, or too little memory was free within
                `patience` seconds.
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
        """Have one function at a time free its memory, starting with the oldest lease."""
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
        """Return the GPUs with the most free memory; none if there are not enough."""
        try:
            gpus = self._read()
        except NvmlError as error:
            _log.warning("cannot query GPU memory: %s", error)
            return []
        left = {gpu.uuid: self._left(gpu) for gpu in gpus}
        fitting = sorted((u for u in left if left[u] >= need), key=lambda u: (-left[u], u))
        return fitting[:count] if len(fitting) >= count else []

    def _left(self, gpu: Gpu) -> int:
        """Return the free memory, less what models that are being loaded will take."""
        here = [lease for lease in self._leases if gpu.uuid in lease.uuids]
        promised = sum(lease.need for lease in here)
        loading = sum(lease.need for lease in here if not lease.loaded)
        return min(gpu.total - promised, gpu.free - loading)

    def _holders(self) -> str:
        names = ", ".join(sorted({lease.name for lease in self._leases}))
        return f"functions that hold one: {names}" if names else "other programs hold it"


def _gib(size: int) -> str:
    return f"{size / GIB:.3g} GiB"
