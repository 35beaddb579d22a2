"""The pool of workers of one function, in the process that serves it.

A call goes to the worker that has been idle longest; if none is idle, calls
queue first come, first served. A worker that crashes or hangs affects nothing
else, and is replaced.
"""

import asyncio
import itertools
import logging
from contextlib import suppress
from enum import Enum, auto

import msgspec

from modelyard.serving.protocol.messages import Call, Event, ProtocolError, Reply, error_reply
from modelyard.serving.server.process import WorkerProcess
from modelyard.serving.server.queue import UnavailableError, WorkerQueue
from modelyard.serving.server.spec import StartError, WorkerDiedError, WorkerSpec
from modelyard.serving.server.starting import abandon, start_again
from modelyard_contract.variables import FUNCTION_NAME

_log = logging.getLogger(__name__)

# How many workers to try for a call whose worker dies.
_ATTEMPTS = 2
_STOPPED = "the function was stopped before it could answer"


class _State(Enum):
    NEW = auto()
    RUNNING = auto()
    DRAINING = auto()
    STOPPED = auto()


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
        self._queue = WorkerQueue(spec)
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
        return len(self._queue.workers)

    @property
    def busy(self) -> int:
        """How many workers are handling an event."""
        return len(self._exchanges)

    @property
    def waiting(self) -> int:
        """How many calls wait for a worker."""
        return self._queue.waiting

    @property
    def restarts(self) -> int:
        """How many workers have been replaced so far."""
        return self._restarts

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the workers that are ready, in no particular order."""
        return tuple(worker.pid for worker in self._queue.workers)

    @property
    def load_seconds(self) -> float:
        """How long the slowest of the running workers took to load its model."""
        return max((worker.load_seconds for worker in self._queue.workers), default=0.0)

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
            await abandon(self._starts)
            if self._stopping is not None:
                raise StartError("the pool was stopped while it started") from None
            raise
        self._starts.clear()
        for worker_id, worker in enumerate(workers):
            self._queue.add(worker)
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
        except UnavailableError as error:
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
            raise UnavailableError("the function is not running")
        clock = asyncio.get_running_loop().time
        queued = 0.0
        for attempt in range(_ATTEMPTS):
            arrived = clock()
            worker = await self._queue.take(urgent=attempt > 0)
            queued += clock() - arrived
            exchange = asyncio.create_task(self._exchange(worker, event))
            self._exchanges.add(exchange)
            exchange.add_done_callback(self._exchanges.discard)
            reply = await asyncio.shield(exchange)
            if reply is not None:
                return msgspec.structs.replace(reply, queue_seconds=queued)
            if self._stopped:
                raise UnavailableError(_STOPPED)
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
            self._queue.give_back(worker)

    async def _keep(self, worker_id: int, worker: WorkerProcess) -> None:
        """Replace `worker` whenever it exits."""
        failures = 0
        while True:
            await asyncio.shield(worker.exited)
            self._queue.remove(worker)
            self._last_failure = worker.exit_reason
            _log.warning("%s; starting another", worker.exit_reason, extra=self._log_fields)
            failures = 0 if worker.proven else failures + 1
            worker, failures = await start_again(
                self._spec, worker_id, failures, self._note_failed_start
            )
            self._restarts += 1
            self._queue.add(worker)

    def _note_failed_start(self, failures: int, error: StartError) -> None:
        self._last_failure = str(error)
        _log.error(
            "a worker could not start (%d in a row): %s", failures, error, extra=self._log_fields
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
        self._queue.refuse_all(_STOPPED)
        await asyncio.gather(
            abandon(self._starts),
            *(
                worker.terminate() if self._queue.is_free(worker) else worker.kill()
                for worker in self._queue.workers
            ),
        )
        self._queue.clear()
