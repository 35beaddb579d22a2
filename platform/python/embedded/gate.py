"""What stands between a function's port and the pool that serves it at the moment."""

import asyncio

from serving.pool import WorkerPool
from serving.protocol import Event, Reply, error_reply


class Gate:
    """Passes events on to the current pool; another pool can take over at any moment.

    Once `swap` has returned, no further event reaches the old pool, and those
    that it had accepted are its to finish: so stopping it then drops none.
    While a function is being started its events wait for the first pool.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._pool: WorkerPool | None = None
        self._settled = asyncio.Event()
        self._patience = 0.0

    @property
    def pool(self) -> WorkerPool | None:
        """The pool that serves; None before the first and after the last."""
        return self._pool

    @property
    def ready(self) -> int:
        """How many workers could take an event."""
        return self._pool.ready if self._pool else 0

    def await_pool(self, patience: float) -> None:
        """From now on let events wait up to `patience` seconds for a pool."""
        self._patience = patience
        self._settled.clear()

    def swap(self, pool: WorkerPool | None) -> WorkerPool | None:
        """Send further events to `pool` (None: refuse them); return the one before it."""
        before, self._pool = self._pool, pool
        self._settled.set()
        return before

    def settle(self) -> None:
        """Let events wait no longer: the pool there is, or none, is what there will be."""
        self._settled.set()

    async def call(self, event: Event) -> Reply:
        """Return the function's reply, or a 503 of one line when no pool serves it."""
        if self._pool is None and not await self._settled_in_time():
            return error_reply(503, f"function {self._name} is still starting; try again")
        if self._pool is None:
            return error_reply(503, f"function {self._name} is not running; see its log")
        return await self._pool.call(event)

    async def _settled_in_time(self) -> bool:
        try:
            await asyncio.wait_for(self._settled.wait(), self._patience)
        except TimeoutError:
            return False
        return True
