"""A web server that costs almost nothing while idle."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import ClassVar

import uvicorn


class Server(uvicorn.Server):
    """Uvicorn's server without its signal handlers: a program with two servers needs one set.

    Uvicorn's own checks ten times a second whether to exit, which is nearly all that an idle
    function does.
    """

    # Maximum age of the header `date`.
    tick_seconds: ClassVar[float] = 1.0

    def __init__(self, config: uvicorn.Config) -> None:
        """Create the server without starting it."""
        super().__init__(config)
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Accept no more connections, and return from `serve` once all requests are answered."""
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
        """Do not handle signals."""
        yield
