"""`./pants run tests/benchmarks/soak -- --seconds 600`: nothing lost, nothing wrong, no growth.

1,000 connections; a worker is killed every second, the function replaced every minute. The targets:
no request is lost or answered incorrectly; of those in a killed worker, which are retried once,
some may get a 5xx; the memory of the platform's process does not grow once it is warm.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import psutil

from benchmarks.soak.clients import Tally, ask
from modelyard_tools.embedded.testing.process import PlatformProcess
from modelyard_tools.home.folders import Home
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import FakeRelease, install

_HANDLER: Final = """
def handler(context, event):
    # The sample request of a deployment is JSON, and so arrives decoded.
    body = event.body if isinstance(event.body, bytes) else b""
    return b"{version} " + body
"""
_KILL_PAUSE: Final = 1.0
# Fraction of the run before memory is first measured.
_WARM_UP: Final = 0.3
_GROWTH_BAR: Final = 1.1
_MB: Final = 1e6


def main() -> int:
    """Run; return 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--replace-every", type=float, default=60.0, help="seconds")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        with PlatformProcess(home) as platform:
            return asyncio.run(_soak(platform, options))


async def _soak(platform: PlatformProcess, options: argparse.Namespace) -> int:
    port = free_port()
    await _replace(platform, port, options.workers, version=1)
    tally, done = Tally(), asyncio.Event()
    memory: list[float] = []
    clients = asyncio.create_task(ask(port, options.connections, done, tally))
    watching = asyncio.create_task(_watch(platform, options.seconds, memory))
    replacing = asyncio.create_task(_replacements(platform, port, options))
    killing = asyncio.create_task(_kill_workers(platform))
    await asyncio.sleep(options.seconds)
    killing.cancel()
    replacing.cancel()
    done.set()
    await clients
    watching.cancel()
    # Both return their counts when cancelled.
    return _judge(tally, await killing, await replacing, memory, options)


async def _replace(platform: PlatformProcess, port: int, workers: int, version: int) -> None:
    source = _HANDLER.format(version=f"v{version}")
    release = FakeRelease(name="soak", port=port, source=source, workers=workers)
    config = release.config()
    # On a small machine, killing a worker per second costs more capacity than the default allows
    # for.
    config["spec"]["triggers"]["http"]["workerAvailabilityTimeoutMilliseconds"] = 60_000
    install(platform.home, release)
    platform.api("POST", "/api/projects", {"metadata": {"name": "cvat"}})
    wait = {"x-nuclio-wait-function-action": "true"}
    await asyncio.to_thread(platform.api, "PUT", "/api/functions/soak", config, wait)
    last = (await asyncio.to_thread(platform.function, "soak"))["status"]["lastDeployment"]
    if last["state"] != "ready":
        raise RuntimeError(last["message"])


async def _replacements(platform: PlatformProcess, port: int, options: argparse.Namespace) -> int:
    count = 0
    try:
        while True:
            await asyncio.sleep(options.replace_every)
            await _replace(platform, port, options.workers, version=count + 2)
            count += 1
    except asyncio.CancelledError:
        return count


async def _kill_workers(platform: PlatformProcess) -> int:
    rng = random.Random(1)  # noqa: S311 - not a secret
    count = 0
    try:
        while True:
            await asyncio.sleep(_KILL_PAUSE)
            function = await asyncio.to_thread(platform.function, "soak")
            pids = function["status"]["workers"]["pids"]
            if pids:
                try:
                    os.kill(rng.choice(pids), signal.SIGKILL)
                    count += 1
                except ProcessLookupError:
                    continue
    except asyncio.CancelledError:
        return count


async def _watch(platform: PlatformProcess, seconds: float, memory: list[float]) -> None:
    process = psutil.Process(platform.process.pid)
    start = time.monotonic()
    while True:
        await asyncio.sleep(1.0)
        if time.monotonic() - start > seconds * _WARM_UP:
            memory.append(process.memory_info().rss / _MB)


def _judge(
    tally: Tally, kills: int, replaced: int, memory: list[float], options: argparse.Namespace
) -> int:
    half = len(memory) // 2
    early, late = max(memory[:half]), max(memory[half:])
    print(
        f"{options.connections} connections for {options.seconds:g} s: "
        f"{tally.statuses.total()} answers, {kills} workers killed, {replaced} replacements"
    )
    print(f"  statuses {dict(tally.statuses)}, by version {dict(tally.versions)}")
    print(f"  lost {len(tally.lost)}, wrong {len(tally.wrong)}")
    print(f"  platform {early:.0f} MB, later {late:.0f} MB, ratio {late / early:.3f}")
    for problem in (*tally.lost[:5], *tally.wrong[:5]):
        print(f"    {problem}")
    # A request is given up if its worker dies twice, so each kill costs at most one.
    bad = tally.lost or tally.wrong or tally.refused > kills or late > early * _GROWTH_BAR
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
