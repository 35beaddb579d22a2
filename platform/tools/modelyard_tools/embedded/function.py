"""One function: its port, what serves it, and the replacement of one version by the next."""

import asyncio
import logging
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from modelyard.serving.server.http import Exchange, answer, function_app
from modelyard.serving.server.pool import WorkerPool
from modelyard.serving.server.spec import StartError
from modelyard_tools.embedded.access import Guard
from modelyard_tools.embedded.gate import Gate
from modelyard_tools.embedded.host import Host
from modelyard_tools.embedded.instance import Instance
from modelyard_tools.embedded.listener import Listener
from modelyard_tools.embedded.machine.gpus import GpuError
from modelyard_tools.embedded.meter import Meter
from modelyard_tools.embedded.proving import start_verified
from modelyard_tools.embedded.retired import Retired
from modelyard_tools.embedded.sleeper import DRAIN, Sleeper
from modelyard_tools.embedded.verify import VerifyError
from modelyard_tools.home.installed import ReleaseError, find_release, known_manifest
from modelyard_tools.home.running import HOST
from modelyard_tools.home.state import Deployment, Record
from modelyard_tools.http.ports import PortError, bind_all
from modelyard_tools.releases.config import FunctionConfig, RawConfig
from modelyard_tools.releases.manifest import Manifest

_log = logging.getLogger(__name__)

# Errors that can keep a version from serving; the text is for whoever deployed it.
_FAILURES: Final = (ReleaseError, PortError, GpuError, StartError, VerifyError)


class Function:
    """A function that is registered with the platform, serving or not.

    `serving` is the configuration that last worked, None for a new function.
    """

    def __init__(
        self, host: Host, config: FunctionConfig, serving: RawConfig | None = None
    ) -> None:
        self.config = config
        self.last: Deployment | None = None
        self.meter = Meter()
        self._host = host
        self._serving = serving
        self._gate = Gate(config.name)
        self._app = self._application(config)
        self._listener: Listener | None = None
        self._deploying: asyncio.Task[None] | None = None
        self._retired = Retired()
        self._sleeper = Sleeper(self, host, self._gate, self._retired)

    @property
    def provisioning(self) -> bool:
        """Whether a deployment is in progress."""
        return self._deploying is not None and not self._deploying.done()

    @property
    def state(self) -> str:
        """Nuclio's name for the function's state."""
        if self.provisioning:
            return "building"
        if self._gate.asleep:
            return "waitingForScaleResourceFromZero" if self._sleeper.waking else "scaledToZero"
        if self._gate.instance is None:
            return "error"
        return "ready" if self._gate.ready else "unhealthy"

    @property
    def urls(self) -> tuple[str, ...]:
        """The function's addresses, without the scheme, this machine's first."""
        if self._listener is None:
            return ()
        hosts = dict.fromkeys((HOST, self._host.access.host))
        return tuple(f"{host}:{self._listener.port}" for host in hosts)

    @property
    def port(self) -> int | None:
        """The port it answers on, or will answer on; None if not known yet."""
        return self._listener.port if self._listener else self.config.port

    @property
    def instance(self) -> Instance | None:
        """The version that currently serves."""
        return self._gate.instance

    @property
    def pool(self) -> WorkerPool | None:
        """The workers that currently serve."""
        return self.instance.pool if self.instance else None

    @property
    def restarts(self) -> int:
        """How many workers have been replaced since the platform started."""
        return self._retired.restarts + (self.pool.restarts if self.pool else 0)

    @property
    def manifest(self) -> Manifest | None:
        """The release's manifest; None if it is not on this machine."""
        return known_manifest(self._host.home, self.config.digest)

    @property
    def idle_timeout(self) -> float | None:
        """The seconds without a request after which the workers end; None for never."""
        return self.manifest.idle_timeout if self.manifest else None

    async def answer(self, request: Request) -> Response:
        """Answer a request that came through the dashboard, like one to the port."""
        return await answer(
            request,
            self._gate,
            budget=self._host.bodies,
            max_body=self.config.max_body,
            observer=self._observe,
        )

    def _observe(self, exchange: Exchange) -> None:
        self.meter.observe(exchange)
        if self._host.access_log:
            extra = {"function": self.config.name, **msgspec.structs.asdict(exchange)}
            _log.info("request", extra=extra)

    async def asgi(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request to the port."""
        await self._app(scope, receive, send)

    def deploy(self, config: FunctionConfig) -> asyncio.Task[None]:
        """Start to replace the current version with `config`; the task ends with the outcome.

        The task raises nothing: the outcome is in `state` and `last`. Must not be
        called while `provisioning`.
        """
        if self._gate.instance is None and not self._gate.asleep:
            self.config = config
            self._app = self._application(config)
            self._gate.await_instance(config.availability_timeout)
        self._remember(Deployment(config.digest, "building"), wanted=config)
        self._deploying = asyncio.create_task(self._deploy(config))
        return self._deploying

    def rest(self) -> None:
        """Resume a version that has served before, but start it only with the first request."""
        try:
            release = find_release(self._host.home, self.config)
            self._listener = self._listen(self.config.port or release.manifest.port)
        except _FAILURES as error:
            self._failed(self.config, str(error))
            return
        self._gate.sleep(self._sleeper.wake)
        self._remember(Deployment(self.config.digest, "ready"))

    async def close(self, drain: float) -> None:
        """Stop serving: pending requests get `drain` seconds, then the workers end."""
        tasks = [*([self._deploying] if self._deploying else []), *self._sleeper.tasks]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._gate.settle()
        listener, self._listener = self._listener, None
        if listener:
            # The workers must exist until the last requests have been read completely.
            await listener.close(drain)
        self._retired.add(self._gate.swap(None), None, drain)
        await self._retired.wait()

    async def _deploy(self, config: FunctionConfig) -> None:
        try:
            await self._replace(config)
        except _FAILURES as error:
            self._failed(config, str(error))
        except Exception:
            _log.exception("cannot deploy", extra={"function": config.name})
            self._failed(config, "the platform failed; see its log")

    async def _replace(self, config: FunctionConfig) -> None:
        """Start the new version next to the old one, test it, and let it take over."""
        release = find_release(self._host.home, config)
        listener = self._listen(config.port or release.manifest.port)
        try:
            instance = await start_verified(self._host, config, release, self._sleeper.give_way)
        except BaseException:
            self._settle()
            if listener is not self._listener:
                await listener.close(drain=0)
            raise
        self._take_over(instance, listener)

    def _application(self, config: FunctionConfig) -> ASGIApp:
        return function_app(
            self._gate,
            max_body=config.max_body,
            budget=self._host.bodies,
            observer=self._observe,
        )

    def _listen(self, port: int) -> Listener:
        if self._listener and self._listener.port == port:
            return self._listener
        access = self._host.access
        return Listener(bind_all(access.hosts, port), Guard(self.asgi, access))

    def _take_over(self, instance: Instance, listener: Listener) -> None:
        config = instance.config
        # The old version is no longer needed; requests that wait for it get the new one.
        self._sleeper.stop_waking()
        self._app = self._application(config)
        before = self._gate.swap(instance)
        self._retired.add(before, self._listener if self._listener is not listener else None, DRAIN)
        self._listener = listener
        self.config = config
        self._serving = config.raw
        self._sleeper.watch()
        self._remember(Deployment(config.digest, "ready"))
        _log.info("deployed", extra={"function": config.name, "digest": config.digest})

    def _failed(self, config: FunctionConfig, message: str) -> None:
        self._settle()
        self._remember(
            Deployment.failed(config.digest, message),
            wanted=None if self._serving else config,
        )
        if self._gate.asleep and not self.idle_timeout:
            # It had only freed memory for the version that failed.
            self._sleeper.wake()
        _log.error(
            "not deployed", extra={"function": config.name, "digest": config.digest, "why": message}
        )

    def _settle(self) -> None:
        """Let requests wait no longer, unless the old version is about to wake."""
        if not self._sleeper.waking:
            self._gate.settle()

    def _remember(self, last: Deployment, wanted: FunctionConfig | None = None) -> None:
        self.last = last
        try:
            self._host.store.save(
                Record(self.config.name, self._serving, wanted.raw if wanted else None, last)
            )
        except OSError:
            # It is better to keep serving than to stop because a disk is full.
            _log.exception("cannot save state", extra={"function": self.config.name})
