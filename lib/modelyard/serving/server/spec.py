"""How the workers of a function are started, and how they can fail."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from modelyard_contract import limits


class StartError(Exception):
    """A worker could not start; the message is its traceback, or the end of its log."""


class WorkerDiedError(Exception):
    """The worker exited, or sent nonsense and was killed, before it answered."""


class WorkerSpec(msgspec.Struct, frozen=True, kw_only=True):
    """How to start the workers of one function, and their limits.

    `env` is the workers' whole environment; nothing is inherited. It must make
    `serving` and the handler importable (PYTHONPATH); `cwd` is not on sys.path.
    NUCLIO_HANDLER names the handler, by default
    `modelyard.serving.worker.nuclio:handler`. All workers append their output to `log`, or, if
    None, write to the parent's output.

    Times are in seconds: how long a call waits for a free worker, how long a
    worker may take for one event (None: for ever), how long to load the model,
    and how long to exit before it is killed. At most `max_waiting` calls wait for
    a worker; further ones are refused at once.

    `confine` is called first with the id of each new process, to limit its
    resources; an OSError prevents its start.
    """

    python: Path
    env: dict[str, str]
    cwd: Path
    log: Path | None
    workers: int = limits.DEFAULT_WORKERS
    availability_timeout: float = limits.AVAILABILITY_TIMEOUT
    event_timeout: float | None = None
    ready_timeout: float = limits.READY_TIMEOUT
    termination_timeout: float = 10.0
    max_waiting: int = 1024
    confine: Callable[[int], None] | None = None
