"""One worker process, as its parent sees it: start, exchange, stop.

Linux only (pidfd). The process leads its own session and process group, so
that everything it starts is stopped with it.
"""

import asyncio
import os
import signal
import socket
import subprocess
from contextlib import suppress
from typing import Self

from modelyard.serving.protocol.messages import (
    HEADER,
    PROTOCOL,
    Answer,
    Call,
    Failed,
    FromWorker,
    ProtocolError,
    Ready,
    Reply,
    Stop,
    checked_length,
    decode_from_worker,
    encode,
)
from modelyard.serving.server.spawn import spawn
from modelyard.serving.server.spec import StartError, WorkerDiedError, WorkerSpec
from modelyard_contract import limits

_STREAM_LIMIT = 4 * limits.MIB
_TAIL_BYTES = 8 * 1024
# How long after its socket closes a process may exit.
_EXIT_LAG = 1.0


class WorkerProcess:
    """A running worker and its socket.

    `exited` resolves to the exit status (negative: the signal's number) once the
    process and its whole process group are gone. `proven` means that it has
    started to handle an event: one that never did would fail again at once.
    """

    def __init__(
        self,
        spec: WorkerSpec,
        process: subprocess.Popen[bytes],
        log_start: int,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._spec = spec
        self._process = process
        self._reader, self._writer = streams
        self._log_start = log_start
        self._loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[int] = self._loop.create_future()
        self.proven = False
        self._cause = ""
        self.load_seconds = 0.0
        self._pidfd = os.pidfd_open(process.pid)
        self._loop.add_reader(self._pidfd, self._on_exit)

    @classmethod
    async def start(cls, spec: WorkerSpec, worker_id: int) -> Self:
        """Start a worker and wait until it has loaded its model.

        Raises:
            StartError: it could not be started, it failed, or it took longer
                than `spec.ready_timeout`. No process is left behind, not even
                if this call is cancelled.
        """
        near, far = socket.socketpair()
        with far:
            streams = await asyncio.open_unix_connection(sock=near, limit=_STREAM_LIMIT)
            try:
                worker = cls(spec, *spawn(spec, worker_id, far), streams)
            except OSError as error:
                streams[1].close()
                raise StartError(f"cannot start {spec.python}: {error}") from error
        try:
            await worker._become_ready()
        except BaseException:
            await worker.kill()
            raise
        return worker

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its process group."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process is still running."""
        return not self.exited.done()

    async def exchange(self, call: Call) -> Reply:
        """Send `call` and wait for its answer.

        Only one exchange may run at a time, and after a cancelled one the
        worker must be killed: its socket may contain half a message.

        Raises:
            WorkerDiedError: it exited first. A worker that sends anything but the
                answer to this call is killed, since its next answers could not
                be trusted either.
            ProtocolError: the call is too long to be sent; the worker is fine.
        """
        frame = encode(call)
        try:
            self._writer.write(frame)
            await self._writer.drain()
            message = await self._receive()
        except (EOFError, ConnectionError, ProtocolError) as error:
            raise WorkerDiedError(await self._why_it_ended(error)) from error
        if not isinstance(message, Answer) or message.number != call.number:
            await self.kill("was killed: it answered another call")
            raise WorkerDiedError(self.exit_reason)
        self.proven = True
        return message.reply

    async def terminate(self) -> None:
        """Ask the worker to exit; kill it after `spec.termination_timeout`."""
        if self.alive:
            self._writer.write(encode(Stop()))
            await asyncio.wait([self.exited], timeout=self._spec.termination_timeout)
        await self.kill()

    async def kill(self, cause: str = "") -> None:
        """Kill the worker's whole process group, and wait for it.

        `cause` completes a log line that starts with "worker 123".
        """
        if self.alive:
            self._cause = self._cause or cause
            os.killpg(self.pid, signal.SIGKILL)
        await asyncio.shield(self.exited)

    @property
    def exit_reason(self) -> str:
        """How the worker ended, in one line. Only after it has."""
        return f"worker {self.pid} {self._cause or how_it_ended(self.exited.result())}"

    async def _become_ready(self) -> None:
        try:
            async with asyncio.timeout(self._spec.ready_timeout):
                message = await self._receive()
        except TimeoutError:
            raise StartError(
                f"the worker was not ready within {self._spec.ready_timeout:g} s{self._log_tail()}"
            ) from None
        except (EOFError, ConnectionError, ProtocolError) as error:
            raise StartError(f"{await self._why_it_ended(error)}{self._log_tail()}") from error
        match message:
            case Ready(protocol=protocol, load_seconds=seconds) if protocol == PROTOCOL:
                self.load_seconds = seconds
            case Failed(error=traceback):
                raise StartError(traceback)
            case _:
                raise StartError(f"the worker does not use protocol {PROTOCOL}: {message}")

    async def _receive(self) -> FromWorker:
        (length,) = HEADER.unpack(await self._reader.readexactly(HEADER.size))
        return decode_from_worker(await self._reader.readexactly(checked_length(length)))

    async def _why_it_ended(self, error: Exception) -> str:
        """Return how the worker ended; one that still runs sent nonsense and is killed."""
        if not isinstance(error, ProtocolError):
            await asyncio.wait([self.exited], timeout=_EXIT_LAG)
        await self.kill(f"was killed: {error}")
        return self.exit_reason

    def _log_tail(self) -> str:
        """Return the end of the log, to append to a message."""
        if self._spec.log is None:
            return "; see its output"
        try:
            with self._spec.log.open("rb") as log:
                end = log.seek(0, os.SEEK_END)
                log.seek(max(self._log_start, end - _TAIL_BYTES))
                text = log.read(_TAIL_BYTES).decode(errors="replace").strip()
        except OSError as error:
            return f"; its log cannot be read: {error}"
        return f"; its log ends with:\n{text}" if text else "; its log is empty"

    def _on_exit(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        # The dead leader is not reaped yet, so its group's id cannot have been
        # reused: this reaches only what the worker started.
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._writer.close()
        self.exited.set_result(self._process.wait())


def how_it_ended(status: int) -> str:
    """Describe an exit status; a negative one is a signal's number."""
    if status < 0:
        return f"was ended by signal {-status} ({signal.strsignal(-status)})"
    return f"ended with status {status}"
