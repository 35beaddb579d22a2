"""A function whose workers follow the sources they were loaded from."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from watchfiles import DefaultFilter, awatch

from deployer.report import Report
from serving.pool import Event, StartError, WorkerPool, WorkerSpec
from serving.protocol import Reply, error_reply

DRAIN: Final = 5.0


class ReloadingFunction:
    """A function whose workers are replaced when its sources change.

    While new ones load, the old ones answer. If new ones cannot start, nothing
    does: an answer of code that is no longer there would mislead.
    """

    def __init__(self, spec: WorkerSpec, report: Report) -> None:
        self._spec = spec
        self._report = report
        self._pool: WorkerPool | None = None
        self._failure = "the function is still loading"

    @property
    def ready(self) -> int:
        """How many workers can answer."""
        return self._pool.ready if self._pool else 0

    async def call(self, event: Event) -> Reply:
        """Return the reply to `event`; a 503 while nothing is loaded."""
        if self._pool is None:
            return error_reply(503, self._failure)
        return await self._pool.call(event)

    async def follow(self, source_roots: Sequence[Path]) -> None:
        """Load, and again after every change of a Python file, until cancelled."""
        watch = awatch(*source_roots, watch_filter=_PythonFiles())
        # The watch begins before the first load, so that no edit falls between.
        upcoming = asyncio.ensure_future(anext(watch))
        try:
            await self._load()
            while True:
                changes = await upcoming
                upcoming = asyncio.ensure_future(anext(watch))
                names = sorted({Path(path).name for _, path in changes})
                self._report.error(f"{', '.join(names)} changed")
                await self._load()
        finally:
            upcoming.cancel()
            await asyncio.gather(upcoming, return_exceptions=True)

    async def _load(self) -> None:
        """Start new workers, have them take over, and end the old ones."""
        pool = WorkerPool(self._spec)
        old, failure = self._pool, None
        try:
            await pool.start()
        except StartError as error:
            failure = str(error)
        except asyncio.CancelledError:
            await pool.stop(0)
            raise
        self._pool = None if failure else pool
        if failure:
            self._failure = failure.strip().splitlines()[-1]
            self._report.error(f"{failure}\ncannot load; the next edit tries again")
        else:
            self._report.error(f"loaded in {pool.load_seconds:.1f} s")
        if old:
            await old.stop(DRAIN)

    async def stop(self) -> None:
        """End the workers."""
        if self._pool:
            await self._pool.stop(DRAIN)


class _PythonFiles(DefaultFilter):
    """What a function is made of; its tests are no part of it."""

    def __call__(self, change: Any, path: str) -> bool:
        wanted = path.endswith(".py") and not path.endswith("_test.py")
        return wanted and super().__call__(change, path)
