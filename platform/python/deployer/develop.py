"""`serve`: one function in the foreground, on the sources of the working copy."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import uvicorn

from deployer.apply import alone
from deployer.errors import DeployError
from deployer.install import has_dependencies, install_dependencies
from deployer.nuclio_config import nuclio_config
from deployer.releases import BuiltRelease, read_releases
from deployer.reloading import DRAIN, ReloadingFunction
from deployer.report import Report
from embedded.config import FunctionConfig, RawConfig
from embedded.home import Home
from embedded.release import Release, worker_spec
from serving.http import function_app
from serving.listening import ListenError, listen
from serving.pool import WorkerSpec

_HOST: Final = "127.0.0.1"


class Development(msgspec.Struct, frozen=True, kw_only=True):
    """What to serve: the one release of the build, with modules from `source_roots` instead."""

    home: Home
    report: Report
    releases: Path
    source_roots: Sequence[Path]
    port: int


def serve(development: Development) -> int:
    """Serve until Ctrl-C; return the exit code.

    Raises:
        DeployError: there is nothing to serve, or no port to serve it on.
    """
    # Watching would otherwise report every change of a file in a line of its own.
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
    release = _only_release(development)
    home = development.home
    with alone(home, development.report):
        if not has_dependencies(home, release):
            with development.report.step("installing what the function depends on (once)"):
                install_dependencies(home, release)
    config = FunctionConfig.parse(msgspec.convert(nuclio_config(release), RawConfig))
    try:
        listener = listen(_HOST, development.port)
    except ListenError as error:
        raise DeployError(f"{error}; choose another with --port") from None
    function = ReloadingFunction(_spec(development, release, config), development.report)
    server = _Server(
        uvicorn.Config(
            function_app(function, max_body=config.max_body),
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=round(DRAIN),
        )
    )
    url = f"http://{_HOST}:{listener.getsockname()[1]}"
    development.report.line(f"{release.manifest.name} is served on {url}; Ctrl-C ends it")
    asyncio.run(_run(function, server, listener, development.source_roots))
    return 0


def _only_release(development: Development) -> BuiltRelease:
    releases = read_releases(development.releases)
    if len(releases) != 1:
        raise DeployError(f"serve takes one function; {len(releases)} were built")
    (release,) = releases
    if release.manifest.blocked:
        raise DeployError(f"{release.manifest.name} cannot run: {release.manifest.blocked}")
    return release


def _spec(development: Development, release: BuiltRelease, config: FunctionConfig) -> WorkerSpec:
    """Return how the platform would start the workers, but for where modules come from."""
    home, manifest = development.home, release.manifest
    python = home.deps / manifest.parts.deps / "bin" / "python"
    spec = worker_spec(home, config, Release(release.folder, python, manifest))
    roots = os.pathsep.join(str(root.absolute()) for root in development.source_roots)
    # The working copy is no place for what Python compiles.
    env = {**spec.env, "PYTHONPATH": roots, "PYTHONDONTWRITEBYTECODE": "1"}
    return msgspec.structs.replace(spec, env=env, log=None)


class _Server(uvicorn.Server):
    """A server that leaves signals to this program, which also watches files."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _run(
    function: ReloadingFunction,
    server: _Server,
    listener: socket.socket,
    source_roots: Sequence[Path],
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    serving = asyncio.create_task(server.serve([listener]))
    reloading = asyncio.create_task(function.follow(source_roots))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((serving, reloading, stopping), return_when=asyncio.FIRST_COMPLETED)
        if reloading.done():
            reloading.result()
    finally:
        reloading.cancel()
        stopping.cancel()
        await asyncio.gather(reloading, stopping, return_exceptions=True)
        server.should_exit = True
        await serving
        await function.stop()
