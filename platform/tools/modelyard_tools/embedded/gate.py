"""The gate between a function's port and the workers that currently serve it."""

import asyncio
import time
from collections.abc import Callable

from modelyard.serving.protocol.messages import Event, Reply, error_reply
from modelyard_tools.embedded.instance import Instance


class Gate:
    """Forwards events to the current instance; another instance can take over at any moment.

    Once `swap` has returned, no further event reaches the old instance, and it finishes
    those that it has accepted, so stopping it then drops none.
    While a function is starting, its events wait for the instance. A sleeping function
    is woken by its next event.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._instance: Instance | None = None
        self._waker: Callable[[], None] | None = None
        self._settled = asyncio.Event()
        self._patience = 0.0
        self._calls = 0
        self._used = time.monotonic()

    @property
    def instance(self) -> Instance | None:
        """What serves; None before the first, after the last, and during sleep."""
        return self._instance

    @property
    def asleep(self) -> bool:
        """Whether an event would wake the function, or is doing so."""
        return self._waker is not None

    @property
    def ready(self) -> int:
        """How many workers could take an event; 1 for a sleeping function."""
        if self._instance:
            return self._instance.pool.ready
        return 1 if self.asleep else 0

    @property
    def idle_seconds(self) -> float:
        """How long there has been no event; 0 while there is one."""
        return 0.0 if self._calls else time.monotonic() - self._used

    def await_instance(self, patience: float) -> None:
        """From now on, let events wait up to `patience` seconds for an instance."""
        self._patience = patience
        self._settled.clear()

    def swap(self, instance: Instance | None) -> Instance | None:
        """Send further events to `instance` (None: refuse them); return the one before it."""
        before, self._instance = self._instance, instance
        self._waker = None
        self._used = time.monotonic()
        self._settled.set()
        return before

    def sleep(self, waker: Callable[[], None]) -> Instance | None:
        """Run without an instance until an event comes, then call `waker`; return the last one.

        The waker must call `await_instance`, or the event is refused.
        """
        before = self.swap(None)
        self._waker = waker
        return before

    def settle(self) -> None:
        """Let events wait no longer: the current instance, or none, is final."""
        self._settled.set()

    async def call(self, event: Event) -> Reply:
        """Return the function's reply, or a one-line 503 if nothing serves it."""
        self._calls += 1
        try:
            return await self._call(event)
        finally:
            self._calls -= 1
            self._used = time.monotonic()

    async def _call(self, event: Event) -> Reply:
        if self._instance is None and self._waker:
            self._waker()
        if self._instance is None and not await self._settled_in_time():
            return error_reply(503, f"function {self._name} is still starting; try again")
        if self._instance is None:
            return error_reply(503, f"function {self._name} is not running; see its log")
        return await self._instance.pool.call(event)

    async def _settled_in_time(self) -> bool:
        try:
            await asyncio.wait_for(self._settled.wait(), self._patience)
        except TimeoutError:
            return False
        return True
