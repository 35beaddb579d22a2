"""Progress as plain lines, readable in a terminal, a log and a pipe."""

import time
from collections.abc import Callable
from typing import Final, TextIO

_SECONDS: Final = 2.0
_SHARE: Final = 0.1
_MEGA: Final = 1_000_000


def megabytes(size: int) -> str:
    """Format a size: "17 bytes", "0.3 MB", "248 MB"."""
    if size < _MEGA / 100:
        return f"{size} bytes"
    return f"{size / _MEGA:.1f} MB" if size < 100 * _MEGA else f"{size / _MEGA:.0f} MB"


class Progress:
    """Writes a line every two seconds or tenth of the whole, whichever comes first."""

    def __init__(
        self, name: str, stream: TextIO, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Write to `stream`, each line with `name`; `clock` is a monotonic clock in seconds."""
        self._name = name
        self._stream = stream
        self._clock = clock
        self._started = self._said_at = clock()
        self._first = self._said_size = 0

    def say(self, text: str) -> None:
        """Write a line now."""
        self._said_at = self._clock()
        print(f"{self._name}: {text}", file=self._stream, flush=True)

    def start(self, size: int) -> None:
        """Note that a transfer begins, with `size` bytes present from an earlier attempt."""
        self._started = self._said_at = self._clock()
        self._first = self._said_size = size

    def transferred(self, size: int, total: int) -> None:
        """Note that `size` of `total` bytes are present."""
        enough = size - self._said_size >= _SHARE * total
        if size == total or not (enough or self._clock() - self._said_at >= _SECONDS):
            return
        self._said_size = size
        seconds = self._clock() - self._started
        speed = f", {megabytes(round((size - self._first) / seconds))}/s" if seconds else ""
        share = f"{size / total:.0%}"
        self.say(f"{megabytes(size)} of {megabytes(total)} ({share}){speed}")

    def waiting(self, what: str) -> None:
        """Note that something that reports no progress is still running."""
        if self._clock() - self._said_at >= _SECONDS:
            self.say(f"{what}, {self._clock() - self._started:.0f} s so far")
