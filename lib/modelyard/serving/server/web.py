"""A web server that costs next to nothing while nobody asks it anything."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import ClassVar

import uvicorn


class Server(uvicorn.Server):
    """Uvicorn's, without its signals, of which a program with two servers has one set.

    Uvicorn's own looks ten times a second whether it is to end, which is nearly all that a function
    at rest does.
    """

    # How old the header `date` may be.
    tick_seconds: ClassVar[float] = 1.0

    def __init__(self, config: uvicorn.Config) -> None:
        """Do not start yet."""
        super().__init__(config)
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Take no more connections, and return from `serve` once all requests are answered."""
        self.should_exit = True
        self._ended.set()

    async def main_loop(self) -> None:
        """Serve until `end` is called."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(self.tick_seconds):
                    await self._ended.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield
