"""Serves one function without a platform: `python -m modelyard.serving.server.standalone`.

Serves events on one port and health checks on another, with its own workers;
`modelyard.serving.server.settings` lists its variables, `modelyard.serving.worker.nuclio` those of
the workers. Unset ones are taken from the first existing file in MODELYARD_CONFIG, a list of paths
separated by colons: Nuclio's processor.yaml or function.yaml.
On SIGTERM and SIGINT, the requests in progress finish first. Runs wherever
containers run, on the loopback interface unless MODELYARD_HOST is set.
"""

import argparse
import asyncio
import logging
import math
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from modelyard.inference.threads import thread_env, threads_per_worker
from modelyard.serving.server.connection import Connection
from modelyard.serving.server.http import function_app, health_response
from modelyard.serving.server.listening import ListenError, listen
from modelyard.serving.server.pool import WorkerPool
from modelyard.serving.server.processor import Processor, ProcessorError, read_processor
from modelyard.serving.server.settings import Settings, SettingsError
from modelyard.serving.server.spec import StartError, WorkerSpec
from modelyard.serving.server.web import Server
from modelyard_contract.variables import CONFIG, HANDLER, THREADS

_log = logging.getLogger(__name__)


def main() -> int:
    """Serve until a signal arrives; return the exit status."""
    argparse.ArgumentParser(
        prog="standalone",
        description="Serve one function; modelyard.serving.server.settings lists the variables.",
    ).parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        processor = find_processor(os.environ)
        settings = Settings.from_env(os.environ, processor.settings)
        events = listen(settings.host, settings.port)
        health = listen(settings.host, settings.health_port)
    except (ProcessorError, SettingsError, ListenError) as error:
        print(f"standalone: {error}", file=sys.stderr)
        return 2
    try:
        env = {**os.environ, HANDLER: os.environ.get(HANDLER) or processor.handler}
        asyncio.run(serve(worker_spec(settings, env), settings, events, health))
    except StartError as error:
        print(f"standalone: the function cannot start\n{error}", file=sys.stderr)
        return 1
    return 0


def find_processor(env: Mapping[str, str]) -> Processor:
    """Read the first existing file of MODELYARD_CONFIG; return empty settings without one.

    Raises:
        ProcessorError: the file is not one of Nuclio's.
    """
    for path in filter(None, env.get(CONFIG, "").split(os.pathsep)):
        if Path(path).exists():
            return read_processor(Path(path))
    return Processor("", {})


async def serve(
    spec: WorkerSpec, settings: Settings, events: socket.socket, health: socket.socket
) -> None:
    """Serve a function on two listening sockets until SIGTERM or SIGINT.

    Raises:
        StartError: the workers cannot start.
    """
    pool = WorkerPool(spec)
    stopping = _stop_signal()
    health_server = _server(health_app(pool, stopping), settings)
    event_server = _server(function_app(pool, max_body=settings.max_body), settings)
    health_task = asyncio.create_task(health_server.serve([health]))
    try:
        if await _start(pool, stopping):
            event_task = asyncio.create_task(event_server.serve([events]))
            _log.info("events on %s, health on %s", _address(events), _address(health))
            await stopping.wait()
            # Accepted requests continue; for further ones the port is closed.
            event_server.end()
            await event_task
    finally:
        await pool.stop(0)
        health_server.end()
        await health_task


def health_app(pool: WorkerPool, stopping: asyncio.Event) -> ASGIApp:
    """Return the application of the health port: /ready, as in Nuclio, and /live."""

    async def ready(request: Request) -> Response:
        return health_response(request, ready=pool.ready > 0 and not stopping.is_set())

    async def live(request: Request) -> Response:
        return health_response(request, ready=True)

    return Starlette(routes=[Route("/ready", ready), Route("/live", live)])


def worker_spec(settings: Settings, env: Mapping[str, str]) -> WorkerSpec:
    """Return how to start workers: with this process's environment and output."""
    threads = {} if env.get(THREADS) else thread_env(threads_per_worker(settings.workers))
    return WorkerSpec(
        python=Path(settings.worker_python or sys.executable),
        env={**env, **threads},
        cwd=Path.cwd(),
        log=None,
        workers=settings.workers,
        availability_timeout=settings.availability_timeout,
        event_timeout=settings.event_timeout,
        ready_timeout=settings.ready_timeout,
    )


async def _start(pool: WorkerPool, stopping: asyncio.Event) -> bool:
    """Start the pool; return False if a signal arrives first.

    Raises:
        StartError: the workers cannot start.
    """
    start = asyncio.create_task(pool.start())
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait((start, stop), return_when=asyncio.FIRST_COMPLETED)
    if start.done():
        stop.cancel()
        start.result()
        return True
    start.cancel()
    await asyncio.wait((start,))
    return False


def _stop_signal() -> asyncio.Event:
    """Return an event that is set by SIGTERM and SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    return stopping


def _server(app: ASGIApp, settings: Settings) -> Server:
    return Server(
        uvicorn.Config(
            app,
            http=Connection,
            lifespan="off",
            ws="none",
            log_config=None,
            log_level=logging.WARNING,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=math.ceil(settings.drain),
        )
    )


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


if __name__ == "__main__":
    sys.exit(main())
