"""The pool of workers of one function, in the process that serves it.

A call goes to the worker that has been idle longest; if none is idle, calls
queue first come, first served. A worker that crashes or hangs affects nothing
else, and is replaced.
"""

import asyncio
import itertools
import logging
from collections import deque
from contextlib import suppress
from enum import Enum, auto

import msgspec

from modelyard.serving.protocol.messages import Call, Event, ProtocolError, Reply, error_reply
from modelyard.serving.server.process import StartError, WorkerDiedError, WorkerProcess, WorkerSpec
from modelyard_contract.variables import FUNCTION_NAME

__all__ = ["Event", "Reply", "StartError", "WorkerPool", "WorkerSpec", "error_reply"]

_log = logging.getLogger(__name__)

# How many workers to try for a call whose worker dies.
_ATTEMPTS = 2
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_STOPPED = "the function was stopped before it could answer"


class _State(Enum):
    NEW = auto()
    RUNNING = auto()
    DRAINING = auto()
    STOPPED = auto()


class _UnavailableError(Exception):
    """No worker can take the call; the message says why."""


class WorkerPool:
    """Keeps `spec.workers` processes alive and passes them events, one at a time each.

    Belongs to the event loop that called `start`. To replace a pool without
    losing a request: start the next pool, send new calls to it, then `stop` this
    one, which first finishes the calls that it has accepted.
    """

    def __init__(self, spec: WorkerSpec) -> None:
        if spec.workers < 1:
            raise ValueError(f"a pool needs at least one worker, not {spec.workers}")
        self._spec = spec
        # For structured logs.
        self._log_fields = {"function": spec.env.get(FUNCTION_NAME, "")}
        self._state = _State.NEW
        self._workers: set[WorkerProcess] = set()
        self._free: deque[WorkerProcess] = deque()
        self._queue: deque[asyncio.Future[WorkerProcess]] = deque()
        self._exchanges: set[asyncio.Task[Reply | None]] = set()
        self._starts: list[asyncio.Task[WorkerProcess]] = []
        self._keepers: list[asyncio.Task[None]] = []
        self._numbers = itertools.count(1)
        self._calls = 0
        self._no_calls = asyncio.Event()
        self._no_calls.set()
        self._stopping: asyncio.Task[None] | None = None
        self._restarts = 0
        self._last_failure: str | None = None

    @property
    def ready(self) -> int:
        """How many workers are alive and have loaded their model."""
        return len(self._workers)

    @property
    def busy(self) -> int:
        """How many workers are handling an event."""
        return len(self._exchanges)

    @property
    def waiting(self) -> int:
        """How many calls wait for a worker."""
        return len(self._queue)

    @property
    def restarts(self) -> int:
        """How many workers have been replaced so far."""
        return self._restarts

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the workers that are ready, in no particular order."""
        return tuple(worker.pid for worker in self._workers)

    @property
    def load_seconds(self) -> float:
        """How long the slowest of the running workers took to load its model."""
        return max((worker.load_seconds for worker in self._workers), default=0.0)

    @property
    def last_failure(self) -> str | None:
        """Why the last lost worker exited or failed to start; None if none was lost."""
        return self._last_failure

    async def start(self) -> None:
        """Start all workers at once and return when all are ready.

        Raises:
            StartError: one failed; the others have been stopped.
            RuntimeError: the pool has already been started.
        """
        if self._state is not _State.NEW:
            raise RuntimeError("a pool can only be started once; create another one")
        self._state = _State.RUNNING
        self._starts = [
            asyncio.create_task(WorkerProcess.start(self._spec, worker_id))
            for worker_id in range(self._spec.workers)
        ]
        try:
            workers = await asyncio.gather(*self._starts)
        except BaseException:
            self._state = _State.STOPPED
            await _abandon(self._starts)
            if self._stopping is not None:
                raise StartError("the pool was stopped while it started") from None
            raise
        self._starts.clear()
        for worker_id, worker in enumerate(workers):
            self._employ(worker)
            self._keepers.append(asyncio.create_task(self._keep(worker_id, worker)))

    async def call(self, event: Event) -> Reply:
        """Return the function's reply to `event`, or a JSON error reply of one line.

        The pool's own statuses: 503 if no worker was free in time, if too many
        calls are waiting, and if the pool is stopped; 408 if the worker took
        longer than `event_timeout`; 502 if the worker died and the next one that
        got the event died too; 413 if the event is too long to be sent.

        A call may be cancelled at any time. Its worker finishes the event, the
        answer is discarded, and only then does the worker take the next event.
        """
        self._calls += 1
        self._no_calls.clear()
        try:
            return await self._call(event)
        except _UnavailableError as error:
            return error_reply(503, str(error))
        finally:
            self._calls -= 1
            if not self._calls:
                self._no_calls.set()

    async def stop(self, drain: float) -> None:
        """Refuse further calls, give accepted ones `drain` seconds, stop all workers.

        Calls that are not answered by then get a 503. Stopping again waits for
        the first stop to finish. A pool that was never started is just closed.
        """
        if self._stopping is None:
            started = self._state is _State.RUNNING and not self._starts
            self._state = _State.DRAINING if started else _State.STOPPED
            self._stopping = asyncio.create_task(self._stop(drain))
        await asyncio.shield(self._stopping)

    @property
    def _stopped(self) -> bool:
        return self._state is _State.STOPPED

    async def _call(self, event: Event) -> Reply:
        if self._state is not _State.RUNNING:
            raise _UnavailableError("the function is not running")
        clock = asyncio.get_running_loop().time
        queued = 0.0
        for attempt in range(_ATTEMPTS):
            arrived = clock()
            worker = await self._take_worker(urgent=attempt > 0)
            queued += clock() - arrived
            exchange = asyncio.create_task(self._exchange(worker, event))
            self._exchanges.add(exchange)
            exchange.add_done_callback(self._exchanges.discard)
            reply = await asyncio.shield(exchange)
            if reply is not None:
                return msgspec.structs.replace(reply, queue_seconds=queued)
            if self._stopped:
                raise _UnavailableError(_STOPPED)
        return error_reply(502, "the function's worker died twice while it handled this request")

    async def _exchange(self, worker: WorkerProcess, event: Event) -> Reply | None:
        """Let `worker` handle `event`; return None if it died.

        Runs as a separate task: it must finish even if its caller is cancelled.
        """
        try:
            async with asyncio.timeout(self._spec.event_timeout):
                return await worker.exchange(Call(next(self._numbers), event))
        except TimeoutError:
            limit = f"{self._spec.event_timeout:g} s"
            worker.proven = True
            await worker.kill(f"was killed: event {event.id} took longer than {limit}")
            return error_reply(408, f"the function did not answer within {limit}")
        except WorkerDiedError as death:
            _log.warning(
                "%s while it handled event %s",
                death,
                event.id,
                extra={**self._log_fields, "request_id": event.id},
            )
            return None
        except ProtocolError as error:
            return error_reply(413, str(error))
        finally:
            self._give_back(worker)

    async def _take_worker(self, *, urgent: bool) -> WorkerProcess:
        """Return the next free worker, `urgent` calls first.

        Raises:
            _UnavailableError: too many calls wait, or the wait took too long.
        """
        # No call waits while a worker is free: see _give_back.
        if self._free:
            return self._free.popleft()
        if len(self._queue) >= self._spec.max_waiting and not urgent:
            raise _UnavailableError(
                f"{len(self._queue)} requests are already waiting; try again later"
            )
        place: asyncio.Future[WorkerProcess] = asyncio.get_running_loop().create_future()
        if urgent:
            self._queue.appendleft(place)
        else:
            self._queue.append(place)
        try:
            async with asyncio.timeout(self._spec.availability_timeout):
                return await place
        except TimeoutError:
            self._leave(place)
            raise _UnavailableError(self._why_none_is_free()) from None
        except asyncio.CancelledError:
            self._leave(place)
            raise

    def _leave(self, place: asyncio.Future[WorkerProcess]) -> None:
        """Leave the queue, and return a worker that was assigned at the last moment."""
        if place in self._queue:
            self._queue.remove(place)
        if place.done() and not place.cancelled() and place.exception() is None:
            self._give_back(place.result())

    def _give_back(self, worker: WorkerProcess) -> None:
        """Give a worker to the call that has waited longest, or keep it for the next one."""
        if not worker.alive or worker not in self._workers:
            return
        while self._queue:
            place = self._queue.popleft()
            if not place.done():
                place.set_result(worker)
                return
        self._free.append(worker)

    def _why_none_is_free(self) -> str:
        waited = f"no worker was free within {self._spec.availability_timeout:g} s"
        if self._workers:
            return waited
        return f"{waited}; the function is restarting, its log says why"

    def _employ(self, worker: WorkerProcess) -> None:
        self._workers.add(worker)
        self._give_back(worker)

    def _dismiss(self, worker: WorkerProcess) -> None:
        self._workers.discard(worker)
        if worker in self._free:
            self._free.remove(worker)

    async def _keep(self, worker_id: int, worker: WorkerProcess) -> None:
        """Replace `worker` whenever it exits."""
        failures = 0
        while True:
            await asyncio.shield(worker.exited)
            self._dismiss(worker)
            self._last_failure = worker.exit_reason
            _log.warning("%s; starting another", worker.exit_reason, extra=self._log_fields)
            failures = 0 if worker.proven else failures + 1
            worker, failures = await self._replace(worker_id, failures)
            self._restarts += 1
            self._employ(worker)

    async def _replace(self, worker_id: int, failures: int) -> tuple[WorkerProcess, int]:
        """Start workers, with growing pauses after failures, until one is ready.

        `failures` is how many predecessors in a row have failed; the count continues
        here and is returned with the worker.
        """
        while True:
            await asyncio.sleep(_pause(failures))
            try:
                return await WorkerProcess.start(self._spec, worker_id), failures
            except StartError as error:
                failures += 1
                self._last_failure = str(error)
                _log.error(
                    "a worker could not start (%d in a row): %s",
                    failures,
                    error,
                    extra=self._log_fields,
                )

    async def _stop(self, drain: float) -> None:
        if self._state is _State.DRAINING:
            with suppress(TimeoutError):
                async with asyncio.timeout(drain):
                    await self._no_calls.wait()
        self._state = _State.STOPPED
        for task in self._keepers:
            task.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for place in self._queue:
            if not place.done():
                place.set_exception(_UnavailableError(_STOPPED))
        self._queue.clear()
        await asyncio.gather(
            _abandon(self._starts),
            *(
                worker.terminate() if worker in self._free else worker.kill()
                for worker in self._workers
            ),
        )
        self._free.clear()
        self._workers.clear()


def _pause(failures: int) -> float:
    """Return the seconds to wait before a start after `failures` in a row."""
    if failures < 2:
        return 0.0
    return float(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (failures - 2)))


async def _abandon(starts: list[asyncio.Task[WorkerProcess]]) -> None:
    """Cancel the starts in progress and stop the workers that have started."""
    for task in starts:
        task.cancel()
    for outcome in await asyncio.gather(*starts, return_exceptions=True):
        if isinstance(outcome, WorkerProcess):
            await outcome.kill()
