"""`debug` without a container: the function in workers of this process, as with `serve`."""

from modelyard_tools.deployer.debugger.session import Debugging
from modelyard_tools.deployer.development.foreground import Development, serve
from modelyard_tools.deployer.development.loopback import HOST


def debug_here(debugging: Debugging) -> int:
    """Serve until Ctrl-C; return the exit code.

    Raises:
        DeployError: see `modelyard_tools.deployer.development.foreground.serve`.
    """
    folders = {root: str(root.absolute()) for root in debugging.source_roots}
    debugging.announce((HOST, debugging.debugger.port), folders)
    return serve(
        Development(
            session=debugging.session,
            release=debugging.release,
            source_roots=debugging.source_roots,
            port=debugging.port,
            debugger=debugging.debugger,
        )
    )
