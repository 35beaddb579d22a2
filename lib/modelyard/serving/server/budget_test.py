"""The memory bound: fair, never overdrawn, cancellation-safe."""

import asyncio

import pytest

from modelyard.serving.server.budget import ByteBudget

pytestmark = pytest.mark.anyio


async def hold(budget: ByteBudget, size: int, leave: asyncio.Event) -> None:
    async with budget.borrow(size):
        await leave.wait()


async def turns() -> None:
    """Let every task run until it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_it_lends_in_order_and_never_too_much() -> None:
    budget = ByteBudget(10)
    leave = [asyncio.Event() for _ in range(4)]
    sizes = (6, 5, 4, 1)
    tasks = [
        asyncio.create_task(hold(budget, size, event))
        for size, event in zip(sizes, leave, strict=True)
    ]
    await turns()
    assert budget.lent == 6, "the small ones wait behind the large one that does not fit"
    leave[0].set()
    await turns()
    assert budget.lent == 10
    for event in leave:
        event.set()
    await asyncio.gather(*tasks)
    assert budget.lent == 0


async def test_more_than_all_is_all() -> None:
    budget = ByteBudget(10)
    async with budget.borrow(1000):
        assert budget.lent == 10
    assert budget.lent == 0


async def test_a_cancelled_wait_makes_room() -> None:
    budget = ByteBudget(10)
    leave = asyncio.Event()
    first = asyncio.create_task(hold(budget, 6, leave))
    large = asyncio.create_task(hold(budget, 9, leave))
    small = asyncio.create_task(hold(budget, 4, leave))
    await turns()
    large.cancel()
    await turns()
    assert budget.lent == 10, "the small one no longer waits behind the large one"
    leave.set()
    await asyncio.gather(first, small)
    assert budget.lent == 0


async def test_a_wait_cancelled_at_the_moment_of_the_loan_returns_it() -> None:
    budget = ByteBudget(10)
    leave = asyncio.Event()
    first = asyncio.create_task(hold(budget, 10, leave))
    second = asyncio.create_task(hold(budget, 10, asyncio.Event()))
    await turns()
    first.add_done_callback(lambda _: second.cancel())
    leave.set()
    await asyncio.gather(first, second, return_exceptions=True)
    assert budget.lent == 0


async def test_an_error_inside_returns_the_loan() -> None:
    budget = ByteBudget(10)
    with pytest.raises(KeyError):
        async with budget.borrow(3):
            raise KeyError
    assert budget.lent == 0
