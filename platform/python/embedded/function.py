"""One function: its port, the pool behind it, and the replacement of one version by the next."""

import asyncio
import logging
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from embedded.config import FunctionConfig, RawConfig
from embedded.gate import Gate
from embedded.host import Host
from embedded.listener import Listener
from embedded.logfile import Follower
from embedded.ports import PortError, bind
from embedded.release import Release, ReleaseError, find_release, worker_spec
from embedded.running import HOST
from embedded.state import Deployment, Record
from embedded.verify import VerifyError, verify
from serving.http import answer, function_app
from serving.pool import StartError, WorkerPool

_log = logging.getLogger(__name__)

# A replaced version gets as long as CVAT waits for an answer.
_DRAIN: Final = 120.0
_MESSAGE_CHARACTERS: Final = 8000
_LOG_CHARACTERS: Final = 6000


class Function:
    """A function that is registered with the platform, serving or not.

    `serving` is the configuration that last worked, None for a new function.
    """

    def __init__(
        self, host: Host, config: FunctionConfig, serving: RawConfig | None = None
    ) -> None:
        self.config = config
        self.last: Deployment | None = None
        self._host = host
        self._serving = serving
        self._gate = Gate(config.name)
        self._app = self._application(config)
        self._listener: Listener | None = None
        self._deploying: asyncio.Task[None] | None = None
        self._retiring: set[asyncio.Task[None]] = set()

    @property
    def provisioning(self) -> bool:
        """Whether a deployment is under way."""
        return self._deploying is not None and not self._deploying.done()

    @property
    def state(self) -> str:
        """Nuclio's word for how the function is."""
        if self.provisioning:
            return "building"
        if self._gate.pool is None:
            return "error"
        return "ready" if self._gate.ready else "unhealthy"

    @property
    def url(self) -> str | None:
        """Where the function answers, without the scheme; None while it does not."""
        return f"{HOST}:{self._listener.port}" if self._listener else None

    def describe(self) -> dict[str, Any]:
        """Return Nuclio's `{metadata, spec, status}` of the version that serves, or should."""
        raw = self.config.raw
        urls = [self.url] if self.url else []
        return {
            "metadata": raw.metadata | {"namespace": self.config.namespace},
            "spec": raw.spec,
            "status": {
                "state": self.state,
                "message": self.last.message if self.last else "",
                "httpPort": self._listener.port if self._listener else self.config.port,
                "containerImage": self.config.image,
                "internalInvocationUrls": urls,
                "externalInvocationUrls": urls,
                "logs": [],
                "scaleToZero": {},
                "apiGateways": [],
                "lastDeployment": self.last,
                "workers": _workers(self._gate.pool),
            },
        }

    async def answer(self, request: Request) -> Response:
        """Answer a request that came through the dashboard as if it had come to the port."""
        return await answer(
            request, self._gate, budget=self._host.bodies, max_body=self.config.max_body
        )

    async def asgi(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that came to the port."""
        await self._app(scope, receive, send)

    def deploy(self, config: FunctionConfig) -> asyncio.Task[None]:
        """Begin to replace the present version by `config`; the task ends when it is decided.

        The task raises nothing: how it went is in `state` and `last`. Must not
        be called while `provisioning`.
        """
        if self._gate.pool is None:
            self.config = config
            self._app = self._application(config)
            self._gate.await_pool(config.availability_timeout)
        self._remember(Deployment(config.digest, "building"), wanted=config)
        self._deploying = asyncio.create_task(self._deploy(config))
        return self._deploying

    async def close(self, drain: float) -> None:
        """Stop serving: requests under way get `drain` seconds, then the workers end."""
        if self._deploying:
            self._deploying.cancel()
            await asyncio.wait([self._deploying])
        self._gate.settle()
        listener, self._listener = self._listener, None
        if listener:
            # While its last requests are read to their end, the pool must still be there.
            await listener.close(drain)
        self._retire(self._gate.swap(None), None, drain)
        await asyncio.gather(*self._retiring)

    async def _deploy(self, config: FunctionConfig) -> None:
        try:
            async with self._host.starts:
                await self._replace(config)
        except (ReleaseError, PortError, StartError, VerifyError) as error:
            self._failed(config, str(error))
        except Exception:
            _log.exception("cannot deploy", extra={"function": config.name})
            self._failed(config, "the platform failed; its log says how")

    async def _replace(self, config: FunctionConfig) -> None:
        """Start the new version beside the old one, try it, and let it take over."""
        release = find_release(self._host.home, config)
        listener = self._listen(config.port or release.manifest.port)
        pool = WorkerPool(worker_spec(self._host.home, config, release))
        try:
            await self._prove(pool, release)
        except BaseException:
            self._gate.settle()
            await pool.stop(drain=0)
            if listener is not self._listener:
                await listener.close(drain=0)
            raise
        self._take_over(config, pool, listener)

    def _application(self, config: FunctionConfig) -> ASGIApp:
        return function_app(self._gate, max_body=config.max_body, budget=self._host.bodies)

    def _listen(self, port: int) -> Listener:
        if self._listener and self._listener.port == port:
            return self._listener
        return Listener(bind(port), self.asgi)

    async def _prove(self, pool: WorkerPool, release: Release) -> None:
        """Start `pool` and see that it answers; on failure say what its workers printed."""
        output = Follower(self._host.home.function_log(self.config.name))
        await pool.start()
        try:
            await verify(pool, release.manifest.type)
        except VerifyError as error:
            printed = output.read().decode(errors="replace")[-_LOG_CHARACTERS:]
            raise VerifyError(f"{error}\n{printed}") from None

    def _take_over(self, config: FunctionConfig, pool: WorkerPool, listener: Listener) -> None:
        self._app = self._application(config)
        before = self._gate.swap(pool)
        self._retire(before, self._listener if self._listener is not listener else None, _DRAIN)
        self._listener = listener
        self.config = config
        self._serving = config.raw
        self._remember(Deployment(config.digest, "ready"))
        _log.info("deployed", extra={"function": config.name, "digest": config.digest})

    def _failed(self, config: FunctionConfig, message: str) -> None:
        self._gate.settle()
        self._remember(
            Deployment(config.digest, "error", message.strip()[-_MESSAGE_CHARACTERS:]),
            wanted=None if self._serving else config,
        )
        _log.error(
            "not deployed", extra={"function": config.name, "digest": config.digest, "why": message}
        )

    def _remember(self, last: Deployment, wanted: FunctionConfig | None = None) -> None:
        self.last = last
        try:
            self._host.store.save(
                Record(self.config.name, self._serving, wanted.raw if wanted else None, last)
            )
        except OSError:
            # To go on serving is better than to stop because a disk is full.
            _log.exception("cannot save state", extra={"function": self.config.name})

    def _retire(self, pool: WorkerPool | None, listener: Listener | None, drain: float) -> None:
        """Let a replaced version finish what it has accepted, in the background."""
        task = asyncio.create_task(_finish(pool, listener, drain))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)


async def _finish(pool: WorkerPool | None, listener: Listener | None, drain: float) -> None:
    if pool:
        await pool.stop(drain)
    if listener:
        await listener.close(drain)


def _workers(pool: WorkerPool | None) -> dict[str, Any]:
    if pool is None:
        return {"ready": 0, "busy": 0, "restarts": 0, "pids": []}
    return {
        "ready": pool.ready,
        "busy": pool.busy,
        "restarts": pool.restarts,
        "pids": sorted(pool.pids),
    }
