"""`python -m modelyard_tools.embedded`: the platform's process, from first log line to last."""

import argparse
import asyncio
import logging
import os
import signal
import time
from collections.abc import Sequence
from typing import Final

from modelyard_contract import variables
from modelyard_contract.ports import DASHBOARD
from modelyard_tools.embedded.access import (
    OPEN_VARIABLE,
    TOKEN_VARIABLE,
    Access,
    AccessError,
    Guard,
)
from modelyard_tools.embedded.api import dashboard_app
from modelyard_tools.embedded.dashboard import Dashboard
from modelyard_tools.embedded.functions import Functions
from modelyard_tools.embedded.journal import start_journal
from modelyard_tools.embedded.listener import Listener
from modelyard_tools.embedded.projects import Projects
from modelyard_tools.files.lock import LockedError, held
from modelyard_tools.files.logfile import rotate
from modelyard_tools.home.folders import Home, HomeError
from modelyard_tools.home.running import (
    HOST,
    RunningPlatform,
    remove_note,
    write_note,
)
from modelyard_tools.http.ports import PortError, bind_all

_log = logging.getLogger("modelyard_tools.embedded")

# A platform that is stopping may still hold the lock for a moment.
_LOCK_PATIENCE: Final = 5.0
_DRAIN: Final = 30.0
ACCESS_LOG_VARIABLE: Final = "MODELYARD_ACCESS_LOG"
_ROTATION_INTERVAL: Final = 5.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the platform until SIGTERM or SIGINT; return the exit code."""
    options = _parse(argv)
    start_journal()
    home = Home.from_env()
    try:
        token = os.environ.get(TOKEN_VARIABLE)
        access = Access.decide(options.host, token, unauthenticated=options.allow_unauthenticated)
        home.prepare()
        with held(home.platform_lock, _LOCK_PATIENCE):
            asyncio.run(_serve(home, access, options))
    except LockedError as error:
        _log.error("another platform uses this home: %s", error)
        return 1
    except (AccessError, HomeError) as error:
        _log.error("%s", error)
        return 1
    except PortError as error:
        _log.error("%s; stop it, or choose another port with %s", error, variables.PORT)
        return 1
    return 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m modelyard_tools.embedded", description=__doc__)
    parser.add_argument(
        "--port",
        type=int,
        default=os.environ.get(variables.PORT) or str(DASHBOARD),
        help=f"port of the dashboard API (default ${variables.PORT} or {DASHBOARD}; 0: any)",
    )
    parser.add_argument(
        "--host",
        default=os.environ.get(variables.HOST) or HOST,
        help=f"IP address to listen on, besides loopback (default ${variables.HOST} or {HOST}); "
        f"for any other than loopback, clients must send the token in ${TOKEN_VARIABLE}",
    )
    parser.add_argument(
        "--allow-unauthenticated",
        action="store_true",
        default=os.environ.get(OPEN_VARIABLE) == "1",
        help=f"require no token, for clients such as CVAT that send none (or ${OPEN_VARIABLE}=1)",
    )
    parser.add_argument(
        "--access-log",
        action="store_true",
        default=os.environ.get(ACCESS_LOG_VARIABLE) == "1",
        help=f"log every request to a function (or ${ACCESS_LOG_VARIABLE}=1)",
    )
    parser.add_argument("--digest", default="", help="digest of this platform's own code")
    return parser.parse_args(argv)


async def _serve(home: Home, access: Access, options: argparse.Namespace) -> None:
    """Serve until a signal arrives, then let pending requests finish.

    Raises:
        PortError: the port of the dashboard is taken.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    bound = bind_all(access.hosts, options.port)
    note = RunningPlatform(os.getpid(), bound[0].getsockname()[1], options.digest, time.time())
    projects = Projects(home)
    functions = Functions(home, projects, access, access_log=options.access_log)
    dashboard = Dashboard(home, note, functions, projects, access)
    dashboard.functions.resume()
    listener = Listener(bound, Guard(dashboard_app(dashboard), access))
    write_note(home, note)
    if access.unguarded:
        _log.warning(
            "anyone who can reach %s can deploy and run code here without a token; keep others out "
            "with a firewall or a private network",
            access.host,
        )
    _log.info(
        "started",
        extra={
            "host": access.host,
            "port": note.port,
            "home": str(home.root),
            "digest": options.digest,
        },
    )
    rotation = asyncio.create_task(_rotate_logs(dashboard))

    await stop.wait()
    _log.info("stopping")
    rotation.cancel()
    dashboard.closing.set()
    await asyncio.gather(listener.close(_DRAIN), dashboard.functions.close(_DRAIN))
    remove_note(home)
    _log.info("stopped")


async def _rotate_logs(dashboard: Dashboard) -> None:
    while True:
        await asyncio.sleep(_ROTATION_INTERVAL)
        try:
            rotate(dashboard.home.platform_log)
            dashboard.functions.rotate_logs()
        except OSError:
            _log.exception("cannot rotate logs")
