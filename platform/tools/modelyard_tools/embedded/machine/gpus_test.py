"""Which function gets which GPU, on fake GPUs."""

import asyncio

import pytest

from modelyard_tools.embedded.machine.gpus import GpuError, Gpus, Lease
from modelyard_tools.embedded.machine.nvml import Gpu, NvmlError

GIB = 1024**3
PATIENCE = 30.0

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Machine:
    """GPUs whose memory the test sets, in GiB: `total` and what `others` use."""

    def __init__(self, *totals: float) -> None:
        self.totals = totals
        self.others = [0.0] * len(totals)
        self.gpus = Gpus(self._read)

    def _read(self) -> list[Gpu]:
        pairs = zip(self.totals, self.others, strict=True)
        return [
            Gpu(f"GPU-{number}", "Fake", int(total * GIB), int((total - used) * GIB))
            for number, (total, used) in enumerate(pairs)
        ]

    async def lease(
        self, name: str, need: float, count: int = 1, patience: float = PATIENCE, **how: bool
    ) -> Lease:
        def gives_way(_: str) -> bool:
            if how.get("gives_way"):
                lease.give_back()
                return True
            return False

        lease = await self.gpus.lease(
            name, count=count, need=int(need * GIB), patience=patience, gives_way=gives_way
        )
        return lease


async def test_the_gpu_with_the_most_free_memory_is_chosen() -> None:
    machine = Machine(16, 24)
    machine.others[1] = 12
    first = await machine.lease("first", 8)
    assert first.uuids == ("GPU-0",)
    # Nothing is in use yet, but it is reserved.
    assert (await machine.lease("second", 8)).uuids == ("GPU-1",)
    assert (await machine.lease("third", 8)).uuids == ("GPU-0",)


async def test_memory_in_use_is_not_counted_twice() -> None:
    machine = Machine(16)
    first = await machine.lease("first", 8)
    machine.others[0] = 8
    first.loaded = True
    assert (await machine.lease("second", 8)).uuids == ("GPU-0",)


async def test_several_gpus_are_given_together() -> None:
    machine = Machine(16, 8, 16)
    assert set((await machine.lease("both", 12, count=2)).uuids) == {"GPU-0", "GPU-2"}


async def test_first_come_first_served() -> None:
    machine = Machine(16)
    first = await machine.lease("first", 12)
    second = asyncio.create_task(machine.lease("second", 12))
    third = asyncio.create_task(machine.lease("third", 1))
    await asyncio.sleep(0)
    while machine.gpus.waiting < 2:
        await asyncio.sleep(0)
    # The third would fit at once, but then the second might wait for ever.
    assert not third.done()
    first.give_back()
    assert (await second).uuids == (await third).uuids == ("GPU-0",)


async def test_memory_that_another_program_frees_is_noticed() -> None:
    machine = Machine(16)
    machine.others[0] = 10
    waiting = asyncio.create_task(machine.lease("first", 8))
    while not machine.gpus.waiting:
        await asyncio.sleep(0)
    machine.others[0] = 0
    assert (await waiting).uuids == ("GPU-0",)


async def test_an_idle_function_gives_way() -> None:
    machine = Machine(16)
    await machine.lease("idle", 12, gives_way=True)
    assert (await machine.lease("second", 12)).uuids == ("GPU-0",)


async def test_giving_up_does_not_hold_up_the_queue() -> None:
    machine = Machine(16)
    first = await machine.lease("first", 12)
    with pytest.raises(GpuError, match=r"no GPU had 12 GiB free within 0\.05 s; .*: first"):
        await machine.lease("second", 12, patience=0.05)
    third = asyncio.create_task(machine.lease("third", 12))
    first.give_back()
    assert (await third).uuids == ("GPU-0",)
    assert machine.gpus.waiting == 0


@pytest.mark.parametrize(
    ("need", "count", "reason"),
    [(24, 1, "can never run here: it needs 1 GPU.* with 24 GiB"), (1, 2, "needs 2 GPU")],
)
async def test_what_can_never_fit_is_refused_at_once(need: float, count: int, reason: str) -> None:
    with pytest.raises(GpuError, match=reason):
        await Machine(16).lease("large", need, count)


async def test_a_machine_without_a_driver_is_reported() -> None:
    def read() -> list[Gpu]:
        raise NvmlError("NVML Shared Library Not Found")

    with pytest.raises(GpuError, match="Library Not Found"):
        await Gpus(read).lease("any", count=1, need=1, patience=1, gives_way=lambda _: False)
