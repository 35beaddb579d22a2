"""Starting the workers of a pool, again after failures, and abandoning starts."""

import asyncio
from collections.abc import Callable

from modelyard.serving.server.process import WorkerProcess
from modelyard.serving.server.spec import StartError, WorkerSpec

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0


async def start_again(
    spec: WorkerSpec, worker_id: int, failures: int, note: Callable[[int, StartError], None]
) -> tuple[WorkerProcess, int]:
    """Start workers, with growing pauses after failures, until one is ready.

    `failures` is how many predecessors in a row have failed; the count continues
    here, is passed to `note` with each further failure, and is returned with the worker.
    """
    while True:
        await asyncio.sleep(_pause(failures))
        try:
            return await WorkerProcess.start(spec, worker_id), failures
        except StartError as error:
            failures += 1
            note(failures, error)


def _pause(failures: int) -> float:
    """Return the seconds to wait before a start after `failures` in a row."""
    if failures < 2:
        return 0.0
    return float(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (failures - 2)))


async def abandon(starts: list[asyncio.Task[WorkerProcess]]) -> None:
    """Cancel the starts in progress and stop the workers that have started."""
    for task in starts:
        task.cancel()
    for outcome in await asyncio.gather(*starts, return_exceptions=True):
        if isinstance(outcome, WorkerProcess):
            await outcome.kill()
