"""`serve` and `debug`: one function in the foreground, on the sources of the working copy."""

import asyncio
import logging
import os
import signal
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import uvicorn

from modelyard.serving.author.assets import Assets
from modelyard.serving.protocol.development import HANDLER, own_package
from modelyard.serving.server.spec import WorkerSpec
from modelyard_contract import variables
from modelyard_contract.nuclio import DEFAULT_HANDLER
from modelyard_contract.release import ASSETS
from modelyard_contract.variables import TRACEBACKS
from modelyard_tools.deployer.core.alone import alone
from modelyard_tools.deployer.core.command import Session
from modelyard_tools.deployer.core.nuclio_config import nuclio_config
from modelyard_tools.deployer.core.releases import BuiltRelease
from modelyard_tools.deployer.debugger.startup import Debugger
from modelyard_tools.deployer.development.labels import LabelFile
from modelyard_tools.deployer.development.loopback import HOST, listen_here
from modelyard_tools.deployer.development.reloading import DRAIN, ReloadingFunction
from modelyard_tools.deployer.development.workbench import workbench
from modelyard_tools.deployer.embedded.install import has_dependencies, install_dependencies
from modelyard_tools.home.installed import Release, worker_spec
from modelyard_tools.releases.config import FunctionConfig, RawConfig

_A_DAY: Final = 86400.0
_LIBRARY: Final = "modelyard"


class Development(msgspec.Struct, frozen=True, kw_only=True):
    """What to serve: a release, with modules from `source_roots` instead of its own.

    `labels` is the file of its label set in the working copy, if it has one.

    With a `debugger`, there is one worker, which may take as long for a request as it takes to step
    through it.
    """

    session: Session
    release: BuiltRelease
    source_roots: Sequence[Path]
    port: int
    labels: Path | None = None
    debugger: Debugger | None = None


def serve(development: Development) -> int:
    """Serve until Ctrl-C; return the exit code.

    Raises:
        DeployError: its port is taken, or its dependencies cannot be installed.
    """
    # The watcher would otherwise log a line for every change of a file.
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
    release, home = development.release, development.session.home
    report = development.session.report
    with alone(development.session):
        if not has_dependencies(home, release):
            with report.step("installing the function's dependencies (once)"):
                install_dependencies(home, release)
    config = FunctionConfig.parse(msgspec.convert(nuclio_config(release), RawConfig))
    if development.debugger:
        # A worker binds it later.
        listen_here(development.debugger.port, "--debug-port").close()
    listener = listen_here(development.port, "--port")
    with tempfile.TemporaryDirectory(prefix="modelyard-") as scratch:
        spec = _spec(development, release, config, Path(scratch))
        labels = None
        if development.labels:
            labels = LabelFile(development.labels, release.folder / ASSETS, Path(scratch) / ASSETS)
            env = {**spec.env, variables.ASSETS: str(labels.assets)}
            spec = msgspec.structs.replace(spec, env=env)
        if development.debugger:
            # Two workers cannot listen on one debugger's port.
            function = ReloadingFunction(spec, report, labels=labels, overlap=False)
        else:
            spec, package = _following(spec, release)
            function = ReloadingFunction(spec, report, package, labels=labels)
        return _serve(development, release, config, function, listener)


def _serve(
    development: Development,
    release: BuiltRelease,
    config: FunctionConfig,
    function: ReloadingFunction,
    listener: socket.socket,
) -> int:
    port: int = listener.getsockname()[1]
    server = _Server(
        uvicorn.Config(
            workbench(function, config, release.manifest, port),
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=round(DRAIN),
        )
    )
    url = f"http://{HOST}:{port}"
    report = development.session.report
    report.line(f"{release.manifest.name} is served on {url}, with a console; Ctrl-C ends it")
    asyncio.run(_run(function, server, listener, development.source_roots))
    return 0


def _spec(
    development: Development, release: BuiltRelease, config: FunctionConfig, scratch: Path
) -> WorkerSpec:
    """Return how the platform would start the workers, except for where modules come from."""
    home, manifest = development.session.home, release.manifest
    python = home.deps / manifest.parts.deps / "bin" / "python"
    spec = worker_spec(home, config, Release(release.folder, python, manifest))
    roots = os.pathsep.join(str(root.absolute()) for root in development.source_roots)
    # Keep bytecode out of the working copy; its author may see every traceback.
    more = {"PYTHONPATH": roots, "PYTHONDONTWRITEBYTECODE": "1", TRACEBACKS: "1"}
    env = {**spec.env, **more}
    spec = msgspec.structs.replace(spec, env=env, log=None)
    debugger = development.debugger
    if debugger is None:
        return spec
    return msgspec.structs.replace(
        spec,
        env=debugger.environment(env, scratch),
        workers=1,
        event_timeout=None,
        availability_timeout=_A_DAY,
        ready_timeout=_A_DAY,
    )


def _following(spec: WorkerSpec, release: BuiltRelease) -> tuple[WorkerSpec, str]:
    """Return the spec with workers that can reimport their model's package, and that package.

    Functions with another handler, and those without code of their own, have none.
    """
    if spec.env.get(variables.HANDLER) != DEFAULT_HANDLER:
        return spec, ""
    package = own_package(Assets.open(release.folder / ASSETS).model)
    if package == _LIBRARY:
        return spec, ""
    # One worker: a request to reimport reaches only one.
    env = {**spec.env, variables.HANDLER: HANDLER}
    return msgspec.structs.replace(spec, env=env, workers=1), package


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
