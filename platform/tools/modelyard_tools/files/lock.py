"""A lock between processes, held by an open file, so that it ends with its holder."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

_STEP = 0.05


class LockedError(Exception):
    """Another process holds the lock; `holder` is its process id if it is known."""

    def __init__(self, path: Path, holder: int | None) -> None:
        who = f"process {holder}" if holder else "another process"
        super().__init__(f"{path} is held by {who}")
        self.holder = holder


@contextlib.contextmanager
def held(path: Path, timeout: float) -> Iterator[None]:
    """Hold the lock file at `path`, waiting at most `timeout` seconds for it.

    Raises:
        LockedError: another process held it all that time.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _acquire(descriptor, path, timeout)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        # Closing releases the lock. The file stays: removing it would let two
        # processes hold locks on two files of the same name.
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise LockedError(path, _holder(descriptor)) from None
        time.sleep(_STEP)


def _holder(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0)
    return int(text) if text.isdigit() else None
