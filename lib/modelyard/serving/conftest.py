"""Fixtures of this package's tests: real workers with small handlers."""

import asyncio
import os
import sys
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from anyio import fail_after

from modelyard.serving.protocol.messages import Event
from modelyard.serving.server.pool import WorkerPool
from modelyard.serving.server.spec import WorkerSpec
from modelyard.serving.testing.tiny import write_assets
from modelyard_contract.nuclio import DEFAULT_HANDLER

SpecMaker = Callable[..., WorkerSpec]
PoolStarter = Callable[..., Awaitable[WorkerPool]]


@pytest.fixture
def anyio_backend() -> str:
    """Run async tests on asyncio, which the pool is written for."""
    return "asyncio"


@pytest.fixture
def make_spec(tmp_path: Path) -> SpecMaker:
    """Create specs whose handler is `handler` in the given source text."""

    def make(source: str, *, env: dict[str, str] | None = None, **settings: Any) -> WorkerSpec:
        folder = tmp_path / "src"
        folder.mkdir(exist_ok=True)
        (folder / "tiny_function.py").write_text(textwrap.dedent(source))
        variables = {
            "NUCLIO_HANDLER": "tiny_function:handler",
            "PYTHONPATH": os.pathsep.join([str(folder), *map(os.path.abspath, sys.path)]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1",
        }
        return WorkerSpec(
            python=Path(sys.executable),
            env=variables | (env or {}),
            cwd=tmp_path,
            log=tmp_path / "worker.log",
            **{"ready_timeout": 60.0, "availability_timeout": 30.0, **settings},
        )

    return make


@pytest.fixture
async def start_pool(make_spec: SpecMaker) -> AsyncIterator[PoolStarter]:
    """Start pools from arguments of `make_spec`; they are stopped after the test."""
    pools: list[WorkerPool] = []

    async def start(source: str, **settings: Any) -> WorkerPool:
        pool = WorkerPool(make_spec(source, **settings))
        pools.append(pool)
        await pool.start()
        return pool

    yield start
    with fail_after(30):
        for pool in pools:
            await pool.stop(0)


@pytest.fixture
def start_tiny(start_pool: PoolStarter, tmp_path: Path) -> PoolStarter:
    """Start a pool that serves a tiny model of the given type through
    `modelyard.serving.worker.nuclio`.
    """

    async def start(kind: str, **settings: Any) -> WorkerPool:
        env = {
            "NUCLIO_HANDLER": DEFAULT_HANDLER,
            "MODELYARD_ASSETS": str(write_assets(tmp_path / f"assets-{kind}", kind)),
            "MODELYARD_THREADS": "1",
        }
        return await start_pool("", env=env, **settings)

    return start


def event(body: bytes = b"", **fields: Any) -> Event:
    """Return an event with this body."""
    return Event(id="test", body=body, **fields)


def running(pid: int) -> bool:
    """Return whether the process exists and is not a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def until(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds; tests have a time limit of 30 s."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)
