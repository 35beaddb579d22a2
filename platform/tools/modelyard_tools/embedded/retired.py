"""Replaced versions of a function, which finish what they have accepted."""

import asyncio

from modelyard_tools.embedded.instance import Instance
from modelyard_tools.embedded.listener import Listener


class Retired:
    """The versions that no longer get requests. `restarts` counts their replaced workers."""

    def __init__(self) -> None:
        self.restarts = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, instance: Instance | None, listener: Listener | None, drain: float) -> None:
        """Let a replaced version finish what it has accepted, in the background."""
        if instance:
            self.restarts += instance.pool.restarts
        task = asyncio.create_task(_finish(instance, listener, drain))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait(self) -> None:
        """Wait until all have finished."""
        await asyncio.gather(*self._tasks)


async def _finish(instance: Instance | None, listener: Listener | None, drain: float) -> None:
    if instance:
        await instance.stop(drain)
    if listener:
        await listener.close(drain)
