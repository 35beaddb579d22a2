"""A function without requests gives back its workers, and starts them again with the next one."""

import asyncio
import logging
import time
from typing import Final, Protocol

from modelyard_tools.embedded.gate import Gate
from modelyard_tools.embedded.host import Host
from modelyard_tools.embedded.instance import Instance
from modelyard_tools.embedded.meter import Meter
from modelyard_tools.embedded.retired import Retired
from modelyard_tools.home.installed import find_release
from modelyard_tools.home.state import Deployment
from modelyard_tools.releases.config import FunctionConfig

_log = logging.getLogger(__name__)

# A replaced version may finish for as long as CVAT waits for an answer.
DRAIN: Final = 120.0
# How long requests are refused after a failed start, before the next attempt.
_WAKE_PAUSE: Final = 5.0
_SHORTEST_NAP: Final = 0.1


class Sleepy(Protocol):
    """What a sleeper has to know of its function."""

    config: FunctionConfig
    last: Deployment | None
    meter: Meter

    @property
    def provisioning(self) -> bool:
        """Whether a deployment is in progress."""

    @property
    def idle_timeout(self) -> float | None:
        """The seconds without a request after which the workers end; None for never."""


class Sleeper:
    """Puts one function to sleep, and wakes it."""

    def __init__(self, function: Sleepy, host: Host, gate: Gate, retired: Retired) -> None:
        self._function = function
        self._host = host
        self._gate = gate
        self._retired = retired
        self._waking: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._wake_not_before = 0.0

    @property
    def waking(self) -> bool:
        """Whether the workers are being started again."""
        return self._waking is not None

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """What runs in the background."""
        return [task for task in (self._waking, self._watching) if task]

    def stop_waking(self) -> None:
        """Abandon the start in progress, since another version takes over."""
        if self._waking:
            self._waking.cancel()

    def watch(self) -> None:
        """Put the function to sleep once it has been idle for long enough."""
        if self._watching:
            self._watching.cancel()
        self._watching = None
        if timeout := self._function.idle_timeout:
            self._watching = asyncio.create_task(self._sleep_when_idle(timeout))

    def give_way(self, name: str) -> bool:
        """Free the GPU for the function `name`, if that is our own next version or we are idle."""
        function = self._function
        idle = function.idle_timeout and self._gate.idle_seconds and not function.provisioning
        if self._gate.instance is None or not (idle or name == function.config.name):
            return False
        if self._watching:
            self._watching.cancel()
        self._sleep()
        return True

    def wake(self) -> None:
        """Start the workers of a sleeping function, unless they are starting already."""
        if self._waking or time.monotonic() < self._wake_not_before:
            return
        config = self._function.config
        self._gate.await_instance(config.ready_timeout + config.availability_timeout)
        self._waking = asyncio.create_task(self._start_again(config))

    async def _sleep_when_idle(self, timeout: float) -> None:
        while self._function.provisioning or self._gate.idle_seconds < timeout:
            await asyncio.sleep(max(_SHORTEST_NAP, timeout - self._gate.idle_seconds))
        # Nothing is awaited between check and action, so no request can come in between.
        self._sleep()

    def _sleep(self) -> None:
        """Stop the workers once they have answered what they accepted; a request wakes them."""
        self._retired.add(self._gate.sleep(self.wake), None, DRAIN)
        _log.info("scaled to zero", extra={"function": self._function.config.name})

    async def _start_again(self, config: FunctionConfig) -> None:
        try:
            release = find_release(self._host.home, config)
            instance = await Instance.start(self._host, config, release, self.give_way)
        except Exception as error:
            self._cannot_wake(config, str(error))
            return
        except BaseException:
            self._waking = None
            raise
        self._waking = None
        self._function.meter.cold_starts += 1
        self._function.last = Deployment(config.digest, "ready")
        self._gate.swap(instance)
        self.watch()
        _log.info("woken", extra={"function": config.name, "seconds": instance.pool.load_seconds})

    def _cannot_wake(self, config: FunctionConfig, why: str) -> None:
        self._wake_not_before = time.monotonic() + _WAKE_PAUSE
        self._waking = None
        self._gate.settle()
        self._function.last = Deployment.failed(config.digest, why)
        _log.error("cannot wake", extra={"function": config.name, "why": why})
