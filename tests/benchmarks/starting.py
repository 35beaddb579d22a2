"""How long workers and bare scripts take to start, for the benchmarks that compare the two."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from modelyard.inference.threads import thread_env, threads_per_worker
from modelyard.serving.protocol.messages import HEADER, Ready, decode_from_worker
from modelyard_contract import variables


class Cost(NamedTuple):
    """The cost of a start: wall-clock and CPU seconds."""

    seconds: float
    processor: float


def compared(ways: Mapping[str, Callable[[], Cost]], rounds: int) -> dict[str, Cost]:
    """Return the least cost of each alternative, run in turns, `rounds` times."""
    # The first round fills the disk's caches, and ours.
    costs = [{way: start() for way, start in ways.items()} for _ in range(rounds + 1)][1:]
    # The minimum of each, because other work on the machine only adds to it.
    return {way: Cost(*map(min, zip(*(one[way] for one in costs), strict=True))) for way in ways}


def report(title: str, least: Mapping[str, Cost], base: Cost) -> None:
    """Print the cost of each alternative, and its ratio to `base`."""
    print(title)
    for way, cost in least.items():
        by_clock, by_processor = (one / whole for one, whole in zip(cost, base, strict=True))
        print(
            f"  {way:31} {cost.seconds:6.2f} s {by_clock:6.2f}"
            f"   CPU time {cost.processor:6.2f} s {by_processor:6.2f}"
        )


def cost_of_script(script: str, *arguments: str) -> Cost:
    """Return the cost of a script."""
    started = time.perf_counter()
    command = [sys.executable, "-c", script, *arguments]
    process = subprocess.Popen(command, env=_environment({}))  # noqa: S603 (our own script)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the script ended with status {process.returncode}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime)


def cost_of_worker(assets: Path, settings: Mapping[str, str] | None = None) -> Cost:
    """Return the cost of a worker's start until it reports that it is ready.

    It has as many threads as the platform would give to a single worker.

    Args:
        assets: The function's folder.
        settings: Additional environment variables of the worker.
    """
    near, far = socket.socketpair()
    threads = thread_env(threads_per_worker(1))
    env = {variables.ASSETS: str(assets), **threads, **(settings or {})}
    started = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 (our own worker)
        [sys.executable, "-m", "modelyard.serving.worker.main", "--fd", str(far.fileno())],
        env=_environment(env),
        pass_fds=[far.fileno()],
    )
    with near:
        far.close()
        (length,) = HEADER.unpack(_take(near, HEADER.size))
        message = decode_from_worker(_take(near, length))
        seconds = time.perf_counter() - started
        # Immediately, so that work after it is ready does not count.
        process.kill()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if not isinstance(message, Ready):
        raise SystemExit(f"the worker cannot start: {message}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime)


def _take(source: socket.socket, length: int) -> bytes:
    """Return exactly the next `length` bytes."""
    content = b""
    while len(content) < length:
        part = source.recv(length - len(content))
        if not part:
            raise SystemExit("the worker ended before it was ready")
        content += part
    return content


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return a child's environment, with the same module search path as ours."""
    search_path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path if entry)
    # OpenVINO sends no telemetry if CI is set.
    return {**os.environ, "CI": "true", "PYTHONPATH": search_path, **settings}
