"""Idle functions in a container engine: `tests/benchmarks/idle_images/run`.

Runs one container per kind of image, for two minutes without a health check and for two with its
own. Prints the CPU time of the container's control group and of the engine's (with containerd and
runc), in percent of a core; their sum, without the engine's time when there is nothing to check;
and the memory of a waiting check.

Exit code 1: a function with its health check takes 0.3 % of a core or more in total.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.idle_images.processes import memory_kb, processor_seconds
from modelyard_tools.engine.client import Client, EngineError

BAR: Final = 0.3
CLIENT: Final = Client("docker")
_CHECK: Final = "health_check.py"
_CONFIG: Final = "/etc/nuclio/config/processor"
_CONFINED: Final = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")
# Seconds after which start-up work is over.
_SETTLING: Final = 5.0
_ASKING: Final = """
import sys, time
sys.path.insert(0, "/opt/modelyard")
import health_check
while not health_check.is_ready(8082):
    time.sleep(0.2)
"""


class Cost(NamedTuple):
    """Percent of a core, and the private kilobytes of a waiting check (0 without one)."""

    container: float
    engine: float
    memory: int


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print a table; return 1 if the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--engine", type=int, required=True, help="its process id")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("images", nargs="+", help="images; those for Nuclio have no suffix")
    options = parser.parse_args(argv)
    print("| | container, % | engine, % | together, % | check, kB |\n|---|---:|---:|---:|---:|")
    ahead = True
    for image in options.images:
        idle, checked = (
            measure(image, options.engine, options.seconds, check=check) for check in (False, True)
        )
        _print(f"{image}, no check", idle, idle.container)
        together = checked.container + checked.engine - idle.engine
        _print(image, checked, together)
        ahead = ahead and together < BAR
    return int(not ahead)


def _print(name: str, cost: Cost, together: float) -> None:
    numbers = " | ".join(f"{part:.3f}" for part in (cost.container, cost.engine, together))
    print(f"| {name} | {numbers} | {cost.memory} |", flush=True)


def measure(image: str, engine: int, seconds: float, *, check: bool) -> Cost:
    """Return the cost of an idle container of `image`."""
    with _running(image, check=check) as container:
        groups = [int(_docker("inspect", "-f", "{{.State.Pid}}", container)), engine]
        before, started = [processor_seconds(pid) for pid in groups], time.monotonic()
        time.sleep(seconds)
        after, passed = [processor_seconds(pid) for pid in groups], time.monotonic() - started
        memory = _memory_of_check(container) if check else 0
    own, engines = (
        100 * (late - early) / passed for early, late in zip(before, after, strict=True)
    )
    return Cost(own, engines, memory)


@contextmanager
def _running(image: str, *, check: bool) -> Iterator[str]:
    """Start a container as Nuclio would, and wait until it is ready and idle."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "processor.yaml").write_text("spec: {}\n")
        options = ["--tmpfs", "/tmp", "--volume", f"{folder}:{_CONFIG}:ro"]  # noqa: S108
        options += () if check else ["--no-healthcheck"]
        container = _docker("run", "--detach", *_CONFINED, *options, image)
        try:
            _wait_until_ready(container, check=check)
            time.sleep(_SETTLING)
            yield container
        finally:
            _docker("rm", "--force", "--volumes", container)


def _wait_until_ready(container: str, *, check: bool) -> None:
    while check:
        state = json.loads(_docker("inspect", "-f", "{{json .State}}", container))
        if not state["Running"]:
            raise SystemExit(CLIENT.log(container))
        if state["Health"]["Status"] == "healthy":
            return
        time.sleep(0.2)
    # Without a health check, by running the same check by hand.
    _docker("exec", container, "/usr/bin/python3.11", "-c", _ASKING)


def _memory_of_check(container: str) -> int:
    """Return the kilobytes of a waiting check."""
    while True:
        for line in _docker("top", container, "-o", "pid,args").splitlines()[1:]:
            pid, command = line.split(maxsplit=1)
            if _CHECK in command:
                return memory_kb(int(pid))
        time.sleep(0.2)


def _docker(*arguments: str) -> str:
    try:
        return CLIENT.ask(*arguments, timeout=None).strip()
    except EngineError as error:
        raise SystemExit(f"docker {' '.join(arguments)}: {error}") from None


if __name__ == "__main__":
    sys.exit(main())
