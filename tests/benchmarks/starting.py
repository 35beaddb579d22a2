"""How long workers and bare scripts take to start, for the benchmarks that compare the two."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from serving.protocol import HEADER, Ready, decode_from_worker


def compared(ways: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Return the least seconds of each way, which are gone in turns, `rounds` times."""
    # The first round fills the caches of the disk, and ours.
    times = [{way: start() for way, start in ways.items()} for _ in range(rounds + 1)][1:]
    # The least time, for other work on the machine only ever adds to it.
    return {way: min(one[way] for one in times) for way in ways}


def report(title: str, least: Mapping[str, float], base: float) -> None:
    """Print the seconds of each way, and how many times those of `base` they are."""
    print(title)
    for way, seconds in least.items():
        print(f"  {way:31} {seconds:6.2f} s  {seconds / base:5.2f}")


def seconds_of_script(script: str, *arguments: str) -> float:
    """Return how long a script takes."""
    started = time.perf_counter()
    command = [sys.executable, "-c", script, *arguments]
    subprocess.run(command, env=_environment({}), check=True)  # noqa: S603 (our own script)
    return time.perf_counter() - started


def seconds_of_worker(assets: Path, settings: Mapping[str, str] | None = None) -> float:
    """Return how long a worker takes until it says that it is ready.

    Args:
        assets: The function's folder.
        settings: Further environment of the worker.
    """
    near, far = socket.socketpair()
    started = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 (our own worker)
        [sys.executable, "-m", "serving.worker", "--fd", str(far.fileno())],
        env=_environment({"MODELYARD_ASSETS": str(assets), **(settings or {})}),
        pass_fds=[far.fileno()],
    )
    with near, process:
        far.close()
        (length,) = HEADER.unpack(_take(near, HEADER.size))
        message = decode_from_worker(_take(near, length))
        seconds = time.perf_counter() - started
        process.terminate()
    if not isinstance(message, Ready):
        raise SystemExit(f"the worker cannot start: {message}")
    return seconds


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
    """Return the environment of a child that finds the modules that we find."""
    search_path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path if entry)
    # OpenVINO sends no telemetry where CI is set.
    return {**os.environ, "CI": "true", "PYTHONPATH": search_path, **settings}
