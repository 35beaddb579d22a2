"""The worker process: `python -m modelyard.serving.worker.main --fd N`.

Replaces Nuclio's Python wrapper for our own pool: loads the handler named by
NUCLIO_HANDLER, then answers one event at a time over the inherited socket.
Output of libraries cannot interfere, since it goes to stdout and stderr.
"""

import argparse
import ctypes
import os
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from typing import Final

from modelyard.serving.protocol.messages import (
    HEADER,
    PROTOCOL,
    Answer,
    Call,
    Failed,
    FromWorker,
    ProtocolError,
    Ready,
    Stop,
    ToWorker,
    checked_length,
    decode_to_worker,
    encode,
    error_reply,
)
from modelyard.serving.worker.failures import describe
from modelyard.serving.worker.function import Function
from modelyard_contract.nuclio import DEFAULT_HANDLER
from modelyard_contract.variables import HANDLER

# <linux/prctl.h>
_PR_SET_PDEATHSIG: Final = 1


class Channel:
    """The socket to the pool, read by a separate thread.

    The thread lets the worker notice that its parent has exited even in the
    middle of an event. `inbox` has at most one call, since the pool sends the
    next only after an answer.
    """

    def __init__(self, fd: int) -> None:
        """Take over the inherited descriptor, which the worker's children must not inherit."""
        os.set_inheritable(fd, False)
        self._socket = socket.socket(fileno=fd)
        self.inbox: queue.SimpleQueue[ToWorker] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="channel", daemon=True).start()

    def send(self, message: FromWorker) -> None:
        """Send one message to the pool."""
        self._socket.sendall(encode(message))

    def _read(self) -> None:
        try:
            while True:
                (length,) = HEADER.unpack(self._take(HEADER.size))
                self.inbox.put(decode_to_worker(self._take(checked_length(length))))
        except Exception as error:
            _end_at_once(error)

    def _take(self, length: int) -> bytearray:
        """Return exactly the next `length` bytes."""
        content = bytearray(length)
        view = memoryview(content)
        while view:
            count = self._socket.recv_into(view)
            if not count:
                raise EOFError("the pool has closed the connection")
            view = view[count:]
        return content


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a worker until it is told to stop; return its exit status."""
    parser = argparse.ArgumentParser(prog="modelyard.serving.worker.main", description=__doc__)
    parser.add_argument("--fd", type=int, required=True, help="the inherited socket")
    parser.add_argument("--worker-id", default="0", help="value of context.worker_id")
    options = parser.parse_args(arguments)
    _die_with_parent()
    channel = Channel(options.fd)
    # Not exceptions: the current event is answered before the worker exits.
    signal.signal(signal.SIGTERM, lambda *_: channel.inbox.put(Stop()))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    started = time.perf_counter()
    try:
        handler = os.environ.get(HANDLER) or DEFAULT_HANDLER
        function = Function.load(handler, options.worker_id)
    except BaseException as error:
        reason = describe(error)
        print(reason, file=sys.stderr)
        channel.send(Failed(reason))
        return 1
    channel.send(Ready(PROTOCOL, time.perf_counter() - started))
    _serve(channel, function)
    function.close()
    return 0


def _serve(channel: Channel, function: Function) -> None:
    while isinstance(message := channel.inbox.get(), Call):
        reply = function.handle(message.event)
        try:
            channel.send(Answer(message.number, reply))
        except (ProtocolError, UnicodeEncodeError) as error:
            print(f"event {message.event.id}: cannot send the answer: {error}", file=sys.stderr)
            channel.send(Answer(message.number, error_reply(500, "the answer cannot be sent")))


def _die_with_parent() -> None:
    """Have Linux kill this process when its parent exits.

    This works even for a worker that is stuck in native code and cannot notice
    that its socket was closed.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _end_at_once(error: Exception) -> None:
    """Kill this process and, if it leads a process group, everything it started."""
    print(f"worker {os.getpid()} exits: {error}", file=sys.stderr, flush=True)
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
