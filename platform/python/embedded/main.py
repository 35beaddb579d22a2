"""`python -m embedded`: the platform's process, from its first line of log to its last."""

import argparse
import asyncio
import logging
import os
import signal
import time
from collections.abc import Sequence
from typing import Final

from embedded.api import dashboard_app
from embedded.dashboard import Dashboard
from embedded.functions import Functions
from embedded.home import Home, HomeError
from embedded.journal import start_journal
from embedded.listener import Listener
from embedded.lock import LockedError, held
from embedded.logfile import rotate
from embedded.ports import PortError, bind
from embedded.projects import Projects
from embedded.running import (
    DEFAULT_PORT,
    PORT_VARIABLE,
    RunningPlatform,
    remove_note,
    write_note,
)

_log = logging.getLogger("embedded")

# A platform that was told to stop may still hold the lock for a moment.
_LOCK_PATIENCE: Final = 5.0
_DRAIN: Final = 30.0
_ROTATION_INTERVAL: Final = 5.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the platform until SIGTERM or SIGINT; return the exit code."""
    options = _parse(argv)
    start_journal()
    home = Home.from_env()
    try:
        home.prepare()
        with held(home.platform_lock, _LOCK_PATIENCE):
            asyncio.run(_serve(home, options.port, options.digest))
    except LockedError as error:
        _log.error("another platform uses this home: %s", error)
        return 1
    except HomeError as error:
        _log.error("%s", error)
        return 1
    except PortError as error:
        _log.error("%s; end that, or choose another port with %s", error, PORT_VARIABLE)
        return 1
    return 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m embedded", description=__doc__)
    parser.add_argument(
        "--port",
        type=int,
        default=os.environ.get(PORT_VARIABLE) or str(DEFAULT_PORT),
        help=f"port of the dashboard API (default ${PORT_VARIABLE} or {DEFAULT_PORT}; 0: any)",
    )
    parser.add_argument("--digest", default="", help="digest of this platform's own code")
    return parser.parse_args(argv)


async def _serve(home: Home, port: int, digest: str) -> None:
    """Serve until a signal comes, then let requests under way end.

    Raises:
        PortError: the port of the dashboard is taken.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    bound = bind(port)
    note = RunningPlatform(os.getpid(), bound.getsockname()[1], digest, time.time())
    projects = Projects(home)
    dashboard = Dashboard(home, note, Functions(home, projects), projects)
    dashboard.functions.resume()
    listener = Listener(bound, dashboard_app(dashboard))
    write_note(home, note)
    _log.info("started", extra={"port": note.port, "home": str(home.root), "digest": digest})
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
