"""One HTTP server on one port; a process may have many."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Sequence

import uvicorn
from starlette.types import ASGIApp

from modelyard.serving.server.connection import Connection


class _Server(uvicorn.Server):
    """Leaves the process's signals alone: they are for the platform, not for one port."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Listener:
    """Serves an ASGI application on listening sockets of one port, until `close`."""

    def __init__(self, bound: Sequence[socket.socket], app: ASGIApp) -> None:
        self.port: int = bound[0].getsockname()[1]
        self._config = uvicorn.Config(
            app,
            http=Connection,
            interface="asgi3",
            proxy_headers=False,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
        )
        self._server = _Server(self._config)
        self._serving = asyncio.create_task(self._server.serve(sockets=list(bound)))

    async def close(self, drain: float) -> None:
        """Accept no further connections, and give pending requests `drain` seconds to finish."""
        self._config.timeout_graceful_shutdown = round(drain)
        self._server.should_exit = True
        await self._serving
