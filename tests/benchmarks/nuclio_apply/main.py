"""`./pants run tests/benchmarks/nuclio_apply`: 50 functions on Nuclio, of which one has changed.

The target: `apply` touches only that one, and takes at most 3 s longer than with that function
alone: a trial container, then a deployment by Nuclio. Docker and Nuclio are test doubles that run
real processes; listing all functions takes them 0.3 s, and a deployment a second more than its
container's start, because Nuclio 1.13 checks its health once a second.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from modelyard_tools.deployer.nuclio.testing.world import NuclioRelease, World, answering, pid_of
from modelyard_tools.testing.ports import free_port

BAR: Final = 3.0
_LATENCY: Final = {"list": 0.3, "deploy": 1.0}


def main() -> int:
    """Measure; return 1 if the target is missed."""
    parser = argparse.ArgumentParser(prog="nuclio_apply", description=__doc__)
    parser.add_argument("--functions", type=int, default=50)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        many = _measure(Path(folder) / "many", options.functions, options.runs)
        one = _measure(Path(folder) / "one", 1, options.runs)
    extra = many - one
    load = os.getloadavg()[0]
    print(f"one of {options.functions} changed: {many:.2f} s; one of one: {one:.2f} s")
    print(
        f"the other {options.functions - 1} cost {extra:.2f} s (target: {BAR:g} s); load {load:.0f}"
    )
    return 0 if extra < BAR else 1


def _measure(folder: Path, count: int, runs: int) -> float:
    """Return the median seconds of `apply` after an edit of one of `count` functions."""
    folder.mkdir()
    world = World(folder)
    os.environ.update(world.environment())
    ports = [free_port() for _ in range(count)]
    try:
        _apply(world, ports, "1")
        (world.nuclio_root / "latency.json").write_text(json.dumps(_LATENCY))
        others = [pid_of(port) for port in ports[1:]]
        seconds = [_apply(world, ports, str(2 + run)) for run in range(runs)]
        if answering(ports[0]) != str(1 + runs):
            raise AssertionError("the changed function does not answer as it should")
        if [pid_of(port) for port in ports[1:]] != others:
            raise AssertionError("a function that did not change was touched")
    finally:
        world.close()
    return statistics.median(seconds)


def _apply(world: World, ports: list[int], version: str) -> float:
    releases = [
        NuclioRelease(name=f"f{number}", port=port, version="1" if number else version)
        for number, port in enumerate(ports)
    ]
    build = world.build(*releases)
    started = time.monotonic()
    done = world.deployer.run("--via", "rest", build=build, timeout=900)
    taken = time.monotonic() - started
    if done.returncode:
        raise AssertionError(done.stderr)
    return taken


if __name__ == "__main__":
    sys.exit(main())
