"""Compresses on all cores, into a gzip of several members with reproducible bytes.

Decompressors read on after the first member, as RFC 1952 requires.
"""

import gzip
import io
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, Final

from modelyard_contract.limits import MIB

_MEMBER: Final = 4 * MIB
# A third of the time of level 6 for an eighth more bytes; large packages are mostly machine code,
# which no level compresses much better.
_LEVEL: Final = 1


# What bytes can be written to.
Sink = IO[bytes] | io.RawIOBase


class Compressed(io.RawIOBase):
    """A stream that writes its bytes compressed to another stream."""

    def __init__(self, to: Sink) -> None:
        self._to = to
        self._buffer = bytearray()
        self._cores = os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._cores)
        self._pending: deque[Future[bytes]] = deque()

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: object) -> int:
        """Accept bytes; they may be written later."""
        chunk = bytes(data)  # type: ignore[call-overload]
        self._buffer += chunk
        while len(self._buffer) >= _MEMBER:
            self._submit(bytes(self._buffer[:_MEMBER]))
            del self._buffer[:_MEMBER]
        return len(chunk)

    def finish(self) -> None:
        """Compress and write what is left."""
        self._submit(bytes(self._buffer))
        for done in self._drain(0):
            self._to.write(done)
        self._pool.shutdown()

    def _submit(self, chunk: bytes) -> None:
        self._pending.append(self._pool.submit(_member, chunk))
        # Chunks come faster than they are compressed, and must not pile up.
        for done in self._drain(2 * self._cores):
            self._to.write(done)

    def _drain(self, keep: int) -> Iterator[bytes]:
        while len(self._pending) > keep:
            yield self._pending.popleft().result()


def _member(chunk: bytes) -> bytes:
    return gzip.compress(chunk, _LEVEL, mtime=0)
