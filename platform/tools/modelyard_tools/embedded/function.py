"""One function: its port, what serves it, and the replacement of one version by the next."""

import asyncio
import logging
import time
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from modelyard.serving.server.http import Exchange, answer, function_app
from modelyard.serving.server.pool import StartError, WorkerPool
from modelyard_tools.embedded.access import Guard
from modelyard_tools.embedded.gate import Gate
from modelyard_tools.embedded.host import Host
from modelyard_tools.embedded.instance import Instance
from modelyard_tools.embedded.listener import Listener
from modelyard_tools.embedded.machine.gpus import GpuError
from modelyard_tools.embedded.meter import Meter
from modelyard_tools.embedded.verify import VerifyError, verify
from modelyard_tools.files.logfile import Follower
from modelyard_tools.home.installed import Release, ReleaseError, find_release, known_manifest
from modelyard_tools.home.running import HOST
from modelyard_tools.home.state import Deployment, Record
from modelyard_tools.http.ports import PortError, bind_all
from modelyard_tools.releases.config import FunctionConfig, RawConfig
from modelyard_tools.releases.manifest import Manifest

_log = logging.getLogger(__name__)

# A replaced version may finish for as long as CVAT waits for an answer.
_DRAIN: Final = 120.0
_MESSAGE_CHARACTERS: Final = 8000
_LOG_CHARACTERS: Final = 6000
# How long requests are refused after a failed start, before the next attempt.
_WAKE_PAUSE: Final = 5.0
_SHORTEST_NAP: Final = 0.1
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
        self._waking: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._wake_not_before = 0.0
        self._past_restarts = 0
        self._retiring: set[asyncio.Task[None]] = set()

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
            return "waitingForScaleResourceFromZero" if self._waking else "scaledToZero"
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
    def pool(self) -> WorkerPool | None:
        """The workers that currently serve."""
        return self._gate.instance.pool if self._gate.instance else None

    @property
    def restarts(self) -> int:
        """How many workers have been replaced since the platform started."""
        return self._past_restarts + (self.pool.restarts if self.pool else 0)

    @property
    def manifest(self) -> Manifest | None:
        """The release's manifest; None if it is not on this machine."""
        return known_manifest(self._host.home, self.config.digest)

    @property
    def idle_timeout(self) -> float | None:
        """The seconds without a request after which the workers end; None for never."""
        return self.manifest.idle_timeout if self.manifest else None

    def describe(self) -> dict[str, Any]:
        """Return Nuclio's `{metadata, spec, status}` of the version that serves, or should."""
        raw = self.config.raw
        urls = self.urls
        return {
            "metadata": raw.metadata | {"namespace": self.config.namespace},
            "spec": raw.spec,
            "status": {
                "state": self.state,
                "message": self.last.message if self.last else "",
                "httpPort": self.port,
                "containerImage": self.config.image,
                "internalInvocationUrls": urls[:1],
                "externalInvocationUrls": urls[-1:],
                "logs": [],
                "scaleToZero": {},
                "apiGateways": [],
                "lastDeployment": self.last,
                "workers": self._workers(),
                "resources": self._resources(),
            },
        }

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
        self._gate.sleep(self._wake)
        self._remember(Deployment(self.config.digest, "ready"))

    async def close(self, drain: float) -> None:
        """Stop serving: pending requests get `drain` seconds, then the workers end."""
        tasks = [each for each in (self._deploying, self._waking, self._watching) if each]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._gate.settle()
        listener, self._listener = self._listener, None
        if listener:
            # The workers must exist until the last requests have been read completely.
            await listener.close(drain)
        self._retire(self._gate.swap(None), None, drain)
        await asyncio.gather(*self._retiring)

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
            instance = await self._prove(config, release)
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

    async def _prove(self, config: FunctionConfig, release: Release) -> Instance:
        """Start the version and check that it answers; a failure includes its workers' output."""
        output = Follower(self._host.home.function_log(config.name))
        instance = await Instance.start(self._host, config, release, self._give_way)
        try:
            await verify(instance.pool, release.manifest.type)
        except BaseException as error:
            await instance.stop(drain=0)
            if not isinstance(error, VerifyError):
                raise
            printed = output.read().decode(errors="replace")[-_LOG_CHARACTERS:]
            raise VerifyError(f"{error}\n{printed}") from None
        return instance

    def _take_over(self, instance: Instance, listener: Listener) -> None:
        config = instance.config
        if self._waking:
            # The old version is no longer needed; requests that wait for it get the new one.
            self._waking.cancel()
        self._app = self._application(config)
        before = self._gate.swap(instance)
        self._retire(before, self._listener if self._listener is not listener else None, _DRAIN)
        self._listener = listener
        self.config = config
        self._serving = config.raw
        self._watch()
        self._remember(Deployment(config.digest, "ready"))
        _log.info("deployed", extra={"function": config.name, "digest": config.digest})

    def _failed(self, config: FunctionConfig, message: str) -> None:
        self._settle()
        self._remember(
            Deployment(config.digest, "error", message.strip()[-_MESSAGE_CHARACTERS:]),
            wanted=None if self._serving else config,
        )
        if self._gate.asleep and not self.idle_timeout:
            # It had only freed memory for the version that failed.
            self._wake()
        _log.error(
            "not deployed", extra={"function": config.name, "digest": config.digest, "why": message}
        )

    def _settle(self) -> None:
        """Let requests wait no longer, unless the old version is about to wake."""
        if self._waking is None:
            self._gate.settle()

    def _watch(self) -> None:
        """Put the function to sleep once it has been idle for long enough."""
        if self._watching:
            self._watching.cancel()
        self._watching = None
        if self.idle_timeout:
            self._watching = asyncio.create_task(self._sleep_when_idle(self.idle_timeout))

    async def _sleep_when_idle(self, timeout: float) -> None:
        while self.provisioning or self._gate.idle_seconds < timeout:
            await asyncio.sleep(max(_SHORTEST_NAP, timeout - self._gate.idle_seconds))
        # Nothing is awaited between check and action, so no request can come in between.
        self._sleep()

    def _sleep(self) -> None:
        """Stop the workers once they have answered what they accepted; a request wakes them."""
        self._retire(self._gate.sleep(self._wake), None, _DRAIN)
        _log.info("scaled to zero", extra={"function": self.config.name})

    def _give_way(self, name: str) -> bool:
        """Free the GPU for the function `name`, if that is our own next version or we are idle."""
        idle = self.idle_timeout and self._gate.idle_seconds and not self.provisioning
        if self._gate.instance is None or not (idle or name == self.config.name):
            return False
        if self._watching:
            self._watching.cancel()
        self._sleep()
        return True

    def _wake(self) -> None:
        """Start the workers of a sleeping function, unless they are starting already."""
        if self._waking or time.monotonic() < self._wake_not_before:
            return
        self._gate.await_instance(self.config.ready_timeout + self.config.availability_timeout)
        self._waking = asyncio.create_task(self._start_again())

    async def _start_again(self) -> None:
        config = self.config
        try:
            release = find_release(self._host.home, config)
            instance = await Instance.start(self._host, config, release, self._give_way)
        except Exception as error:
            self._wake_not_before = time.monotonic() + _WAKE_PAUSE
            self._waking = None
            self._gate.settle()
            self.last = Deployment(config.digest, "error", str(error)[-_MESSAGE_CHARACTERS:])
            _log.error("cannot wake", extra={"function": config.name, "why": str(error)})
            return
        except BaseException:
            self._waking = None
            raise
        self._waking = None
        self.meter.cold_starts += 1
        self.last = Deployment(config.digest, "ready")
        self._gate.swap(instance)
        self._watch()
        _log.info("woken", extra={"function": config.name, "seconds": instance.pool.load_seconds})

    def _remember(self, last: Deployment, wanted: FunctionConfig | None = None) -> None:
        self.last = last
        try:
            self._host.store.save(
                Record(self.config.name, self._serving, wanted.raw if wanted else None, last)
            )
        except OSError:
            # It is better to keep serving than to stop because a disk is full.
            _log.exception("cannot save state", extra={"function": self.config.name})

    def _retire(self, instance: Instance | None, listener: Listener | None, drain: float) -> None:
        """Let a replaced version finish what it has accepted, in the background."""
        if instance:
            self._past_restarts += instance.pool.restarts
        task = asyncio.create_task(_finish(instance, listener, drain))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    def _workers(self) -> dict[str, Any]:
        pool = self.pool
        return {
            "ready": pool.ready if pool else 0,
            "busy": pool.busy if pool else 0,
            "restarts": self.restarts,
            "pids": sorted(pool.pids) if pool else [],
        }

    def _resources(self) -> dict[str, Any]:
        """Return the limits of the serving version, and how they are enforced."""
        instance = self._gate.instance
        lease = instance.lease if instance else None
        return {
            "memoryBytes": self.config.limits.memory,
            "cpus": self.config.limits.cpus,
            "enforcedBy": instance.confinement.means if instance else None,
            "gpus": lease.uuids if lease else (),
        }


async def _finish(instance: Instance | None, listener: Listener | None, drain: float) -> None:
    if instance:
        await instance.stop(drain)
    if listener:
        await listener.close(drain)
