"""The worker process, when its parent exits or sends nonsense."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modelyard.serving.conftest import SpecMaker, running
from modelyard.serving.protocol.messages import (
    HEADER,
    Answer,
    Call,
    Event,
    Failed,
    FromWorker,
    Ready,
    Stop,
    decode_from_worker,
    encode,
)

Starter = Callable[[str], tuple[subprocess.Popen[bytes], socket.socket]]


@pytest.fixture
def start_worker(make_spec: SpecMaker, tmp_path: Path) -> Iterator[Starter]:
    """Start workers by hand, as a pool does."""
    started: list[tuple[subprocess.Popen[bytes], socket.socket]] = []

    def start(source: str) -> tuple[subprocess.Popen[bytes], socket.socket]:
        spec = make_spec(source)
        near, far = socket.socketpair()
        near.settimeout(30)
        with far, (tmp_path / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "modelyard.serving.worker.main", "--fd", str(far.fileno())],
                env=spec.env,
                stdout=log,
                stderr=log,
                pass_fds=(far.fileno(),),
                start_new_session=True,
            )
        started.append((process, near))
        return process, near

    yield start
    for process, near in started:
        near.close()
        process.kill()
        process.wait()


def receive(near: socket.socket) -> FromWorker:
    """Return the next message of a worker."""

    def take(length: int) -> bytes:
        content = near.recv(length, socket.MSG_WAITALL)
        assert len(content) == length, "the worker has closed its end"
        return content

    return decode_from_worker(take(HEADER.unpack(take(HEADER.size))[0]))


def gone(pid: int) -> bool:
    """Wait up to 30 s for a process to end."""
    deadline = time.monotonic() + 30
    while running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not running(pid)


def test_it_reports_and_answers_by_number(start_worker: Starter) -> None:
    process, near = start_worker("def handler(context, event): return event.id")
    assert isinstance(receive(near), Ready)
    near.sendall(encode(Call(41, Event(id="a"))))
    answer = receive(near)
    assert isinstance(answer, Answer)
    assert (answer.number, answer.reply.body) == (41, b"a")
    near.sendall(encode(Stop()))
    assert process.wait(30) == 0


def test_an_answer_that_cannot_be_sent_is_a_500(start_worker: Starter) -> None:
    _, near = start_worker(
        r"""
        def handler(context, event):
            return context.Response(headers={"x": "\ud800"}, body="x")
        """
    )
    receive(near)
    near.sendall(encode(Call(1, Event(id="a"))))
    answer = receive(near)
    assert isinstance(answer, Answer)
    assert answer.reply.status == 500


def test_a_failed_start_is_reported_with_status_1(start_worker: Starter) -> None:
    process, near = start_worker("raise SystemExit('no weights')")
    message = receive(near)
    assert isinstance(message, Failed)
    assert "SystemExit: no weights" in message.error
    assert process.wait(30) == 1


@pytest.mark.parametrize("noise", [b"\x00\x00\x00\x02hi", b"\xff\xff\xff\xff", b""])
def test_it_exits_when_its_parent_hangs_up_or_sends_nonsense(
    start_worker: Starter, noise: bytes
) -> None:
    process, near = start_worker("def handler(context, event): ...")
    receive(near)
    near.sendall(noise)
    near.shutdown(socket.SHUT_WR)
    assert process.wait(30) == -signal.SIGKILL


def test_it_notices_in_the_middle_of_an_event_and_while_it_loads(start_worker: Starter) -> None:
    process, near = start_worker("import time\ntime.sleep(1000)\ndef handler(context, event): ...")
    near.close()
    assert process.wait(30) == -signal.SIGKILL
    process, near = start_worker("import time\ndef handler(context, event): time.sleep(1000)")
    receive(near)
    near.sendall(encode(Call(1, Event(id="a"))))
    near.close()
    assert process.wait(30) == -signal.SIGKILL


def test_children_do_not_inherit_the_socket(start_worker: Starter) -> None:
    _, near = start_worker(
        """
        import subprocess, sys
        def handler(context, event):
            code = "import os; print(sorted(os.listdir('/proc/self/fd')))"
            return subprocess.run([sys.executable, "-c", code], capture_output=True).stdout
        """
    )
    receive(near)
    near.sendall(encode(Call(1, Event(id="a"))))
    answer = receive(near)
    assert isinstance(answer, Answer)
    # Its three streams, and the folder being read.
    assert answer.reply.body == b"['0', '1', '2', '3']\n"


def test_sigint_of_a_terminal_is_the_parents_business(start_worker: Starter) -> None:
    process, near = start_worker("def handler(context, event): return 'alive'")
    receive(near)
    process.send_signal(signal.SIGINT)
    near.sendall(encode(Call(1, Event(id="a"))))
    assert isinstance(receive(near), Answer)


# PyDLL keeps the GIL: no other Python code of this process runs.
STUCK = """
    import ctypes
    def handler(context, event): ctypes.PyDLL(None).sleep(1000)
"""
PARENT = """
import asyncio, os, pathlib, sys
from modelyard.serving.protocol.messages import Event
from modelyard.serving.server.pool import WorkerPool
from modelyard.serving.server.spec import WorkerSpec

async def main():
    here = pathlib.Path(sys.argv[1])
    pool = WorkerPool(WorkerSpec(
        python=pathlib.Path(sys.executable), env=dict(os.environ), cwd=here,
        log=here / "worker.log", workers=2))
    await pool.start()
    call = asyncio.create_task(pool.call(Event(id="1")))
    await asyncio.sleep(0.5)
    print(*pool.pids, flush=True)
    await call

asyncio.run(main())
"""


def test_workers_end_with_a_pool_that_is_killed(make_spec: SpecMaker, tmp_path: Path) -> None:
    """Kill -9 the parent of a worker that is stuck in native code and of one that is idle."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)],
        env={**os.environ, **make_spec(STUCK).env},
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    with parent.stdout:
        pids = [int(word) for word in parent.stdout.readline().split()]
    assert len(pids) == 2
    parent.kill()
    parent.wait()
    assert all(gone(pid) for pid in pids)
