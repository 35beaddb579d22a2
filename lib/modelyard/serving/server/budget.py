"""A bound on the total memory of requests in progress."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class ByteBudget:
    """A number of bytes, lent first come, first served.

    A request that waits for bytes does not read its body, so its client waits
    too. Belongs to one event loop.
    """

    def __init__(self, total: int) -> None:
        """Start with `total` bytes to lend."""
        self._total = total
        self._left = total
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def lent(self) -> int:
        """How many bytes are currently lent."""
        return self._total - self._left

    @asynccontextmanager
    async def borrow(self, size: int) -> AsyncIterator[None]:
        """Hold `size` bytes inside the `async with`; wait for them first if necessary.

        A size above the whole budget counts as the whole.
        """
        size = min(size, self._total)
        await self._take(size)
        try:
            yield
        finally:
            self._give_back(size)

    async def _take(self, size: int) -> None:
        if not self._queue and size <= self._left:
            self._left -= size
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((size, place))
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._give_back(size)
            elif (size, place) in self._queue:
                self._queue.remove((size, place))
                self._lend()
            raise

    def _give_back(self, size: int) -> None:
        self._left += size
        self._lend()

    def _lend(self) -> None:
        while self._queue and self._queue[0][0] <= self._left:
            size, place = self._queue.popleft()
            if not place.done():
                self._left -= size
                place.set_result(None)
