"""One running version of a function: its workers, and the resources they hold."""

from typing import Final, Self

from modelyard.serving.server.pool import WorkerPool
from modelyard_tools.embedded.host import Host
from modelyard_tools.embedded.machine.gpus import GivesWay, Lease
from modelyard_tools.embedded.machine.limits import Confinement
from modelyard_tools.home.installed import Release, worker_spec
from modelyard_tools.releases.config import FunctionConfig

# GPU memory that a worker is assumed to need if its function does not declare any.
_GPU_MEMORY: Final = 2 * 1024**3


class Instance:
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

        A function that needs a GPU first waits for one with enough memory;
        `gives_way` is called when another function waits for that memory later.

        Raises:
            GpuError: no such GPU exists, or none was free in time.
            StartError: one of the workers failed; none is left then.
        """
        instance = cls(config, release)
        manifest = release.manifest
        if manifest.gpus:
            instance.lease = await host.gpus.lease(
                config.name,
                count=manifest.gpus,
                need=(manifest.gpu_memory or _GPU_MEMORY) * config.workers,
                patience=config.ready_timeout,
                gives_way=gives_way,
            )
        instance.confinement = host.confiner.confine(config.name, config.limits, config.workers)
        instance.pool = WorkerPool(
            worker_spec(
                host.home,
                config,
                release,
                confine=instance.confinement.admit,
                gpus=instance.lease.uuids if instance.lease else (),
            )
        )
        try:
            async with host.starts:
                await instance.pool.start()
        except BaseException:
            instance._give_back()
            raise
        if instance.lease:
            instance.lease.loaded = True
        return instance

    async def stop(self, drain: float) -> None:
        """Let accepted events finish within `drain` seconds, then stop the workers."""
        try:
            await self.pool.stop(drain)
        finally:
            self._give_back()

    def _give_back(self) -> None:
        self.confinement.end()
        if self.lease:
            self.lease.give_back()
