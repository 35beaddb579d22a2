"""The workers of a pool: those that are free, and the calls that wait for one."""

import asyncio
from collections import deque

from modelyard.serving.server.process import WorkerProcess
from modelyard.serving.server.spec import WorkerSpec


class UnavailableError(Exception):
    """No worker can take the call; the message says why."""


class WorkerQueue:
    """Gives each call the worker that has been idle longest; first come, first served.

    No call waits while a worker is free.
    """

    def __init__(self, spec: WorkerSpec) -> None:
        self._spec = spec
        self._workers: set[WorkerProcess] = set()
        self._free: deque[WorkerProcess] = deque()
        self._places: deque[asyncio.Future[WorkerProcess]] = deque()

    @property
    def workers(self) -> frozenset[WorkerProcess]:
        """The workers that are alive and have loaded their model."""
        return frozenset(self._workers)

    @property
    def waiting(self) -> int:
        """How many calls wait for a worker."""
        return len(self._places)

    def is_free(self, worker: WorkerProcess) -> bool:
        """Whether the worker has nothing to do."""
        return worker in self._free

    def add(self, worker: WorkerProcess) -> None:
        """Take a new worker in."""
        self._workers.add(worker)
        self.give_back(worker)

    def remove(self, worker: WorkerProcess) -> None:
        """Forget a worker that has ended."""
        self._workers.discard(worker)
        if worker in self._free:
            self._free.remove(worker)

    async def take(self, *, urgent: bool) -> WorkerProcess:
        """Return the next free worker, `urgent` calls first.

        Raises:
            UnavailableError: too many calls wait, or the wait took too long.
        """
        if self._free:
            return self._free.popleft()
        if len(self._places) >= self._spec.max_waiting and not urgent:
            raise UnavailableError(
                f"{len(self._places)} requests are already waiting; try again later"
            )
        place: asyncio.Future[WorkerProcess] = asyncio.get_running_loop().create_future()
        if urgent:
            self._places.appendleft(place)
        else:
            self._places.append(place)
        try:
            async with asyncio.timeout(self._spec.availability_timeout):
                return await place
        except TimeoutError:
            self._leave(place)
            raise UnavailableError(self._why_none_is_free()) from None
        except asyncio.CancelledError:
            self._leave(place)
            raise

    def give_back(self, worker: WorkerProcess) -> None:
        """Give a worker to the call that has waited longest, or keep it for the next one."""
        if not worker.alive or worker not in self._workers:
            return
        while self._places:
            place = self._places.popleft()
            if not place.done():
                place.set_result(worker)
                return
        self._free.append(worker)

    def refuse_all(self, reason: str) -> None:
        """Refuse the calls that wait."""
        for place in self._places:
            if not place.done():
                place.set_exception(UnavailableError(reason))
        self._places.clear()

    def clear(self) -> None:
        """Forget all workers."""
        self._free.clear()
        self._workers.clear()

    def _leave(self, place: asyncio.Future[WorkerProcess]) -> None:
        """Leave the queue, and return a worker that was assigned at the last moment."""
        if place in self._places:
            self._places.remove(place)
        if place.done() and not place.cancelled() and place.exception() is None:
            self.give_back(place.result())

    def _why_none_is_free(self) -> str:
        waited = f"no worker was free within {self._spec.availability_timeout:g} s"
        if self._workers:
            return waited
        return f"{waited}; the function is restarting, its log says why"
