"""The workers of one version of a function, and what they hold of the machine."""

from typing import Final, Self

from modelyard.serving.pool import WorkerPool
from modelyard_tools.embedded.config import FunctionConfig
from modelyard_tools.embedded.gpus import GivesWay, Lease
from modelyard_tools.embedded.host import Host
from modelyard_tools.embedded.limits import Confinement
from modelyard_tools.embedded.release import Release, worker_spec

# What a worker is taken to need of a GPU when its function does not say.
_GPU_MEMORY: Final = 2 * 1024**3


class Engine:
    """A pool that serves `release` under `config`, within `confinement`, on leased GPUs."""

    def __init__(self, config: FunctionConfig, release: Release) -> None:
        self.config = config
        self.release = release
        self.pool: WorkerPool
        self.confinement: Confinement
        self.lease: Lease | None = None

    @classmethod
    async def start(
        cls, host: Host, config: FunctionConfig, release: Release, gives_way: GivesWay
    ) -> Self:
        """Start the workers and return when all are ready.

        A function that needs a GPU waits for one with enough memory first;
        `gives_way` is asked when somebody else waits for that memory later.

        Raises:
            GpuError: there is no such GPU, or none was free in time.
            StartError: one of the workers failed; none is left then.
        """
        engine = cls(config, release)
        manifest = release.manifest
        if manifest.gpus:
            engine.lease = await host.gpus.lease(
                config.name,
                count=manifest.gpus,
                need=(manifest.gpu_memory or _GPU_MEMORY) * config.workers,
                patience=config.ready_timeout,
                gives_way=gives_way,
            )
        engine.confinement = host.confiner.confine(config.name, config.limits, config.workers)
        engine.pool = WorkerPool(
            worker_spec(
                host.home,
                config,
                release,
                confine=engine.confinement.admit,
                gpus=engine.lease.uuids if engine.lease else (),
            )
        )
        try:
            async with host.starts:
                await engine.pool.start()
        except BaseException:
            engine._give_back()
            raise
        if engine.lease:
            engine.lease.loaded = True
        return engine

    async def stop(self, drain: float) -> None:
        """Let accepted events end within `drain` seconds, then end the workers."""
        try:
            await self.pool.stop(drain)
        finally:
            self._give_back()

    def _give_back(self) -> None:
        self.confinement.end()
        if self.lease:
            self.lease.give_back()
