"""Starting the process of a worker."""

import socket
import subprocess
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO

from modelyard.serving.server.spec import WorkerSpec


def spawn(
    spec: WorkerSpec, worker_id: int, far: socket.socket
) -> tuple[subprocess.Popen[bytes], int]:
    """Start the process; return it with the previous length of the log."""
    with _open_log(spec.log) as log:
        log_start = log.tell() if log else 0
        process = subprocess.Popen(  # noqa: S603 - no shell; the interpreter is the release's
            _command(spec.python, far.fileno(), worker_id),
            env=spec.env,
            cwd=spec.cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT if log else None,
            pass_fds=(far.fileno(),),
            start_new_session=True,
        )
    if spec.confine:
        try:
            spec.confine(process.pid)
        except OSError:
            process.kill()
            process.wait()
            raise
    return process, log_start


def _command(python: Path, fd: int, worker_id: int) -> list[str]:
    options = ["--fd", str(fd), "--worker-id", str(worker_id)]
    return [str(python), "-P", "-u", "-m", "modelyard.serving.worker.main", *options]


def _open_log(path: Path | None) -> AbstractContextManager[BinaryIO | None]:
    if path is None:
        return nullcontext()
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("ab")
