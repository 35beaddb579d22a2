"""Starting a new version of a function, and testing it before it takes over."""

from typing import Final

from modelyard_tools.embedded.host import Host
from modelyard_tools.embedded.instance import Instance
from modelyard_tools.embedded.machine.gpus import GivesWay
from modelyard_tools.embedded.verify import VerifyError, verify
from modelyard_tools.files.logfile import Follower
from modelyard_tools.home.installed import Release
from modelyard_tools.releases.config import FunctionConfig

_LOG_CHARACTERS: Final = 6000


async def start_verified(
    host: Host, config: FunctionConfig, release: Release, gives_way: GivesWay
) -> Instance:
    """Start the version and check that it answers; a failure includes its workers' output.

    Raises:
        GpuError, StartError: it does not start.
        VerifyError: it does not answer a request of its type.
    """
    output = Follower(host.home.function_log(config.name))
    instance = await Instance.start(host, config, release, gives_way)
    try:
        await verify(instance.pool, release.manifest.type)
    except BaseException as error:
        await instance.stop(drain=0)
        if not isinstance(error, VerifyError):
            raise
        printed = output.read().decode(errors="replace")[-_LOG_CHARACTERS:]
        raise VerifyError(f"{error}\n{printed}") from None
    return instance
