"""The processes that represent containers, and their ports."""

import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any


def health(container: Any) -> str:
    """Return the engine's health state of a running container."""
    # By hand: an HTTP library takes longer to load than everything else.
    with (
        suppress(OSError, IndexError),
        socket.create_connection(("127.0.0.1", container["Health"])) as asking,
    ):
        asking.settimeout(2)
        asking.sendall(b"GET /ready HTTP/1.0\r\n\r\n")
        if asking.recv(64).split(b" ")[1] == b"200":
            return "healthy"
    return "starting"


def runs(container: Any) -> bool:
    """Whether a container's process runs."""
    pid = container["Pid"]
    if pid is None:
        return False
    process = Path(f"/proc/{pid}")
    try:
        # A process that has ended stays in the table until its parent, long gone, is replaced. Its
        # first thread is shown as ended while others still are about to, and with them its ports.
        ended = ") Z " in (process / "stat").read_text()
        return not ended or len(os.listdir(process / "task")) > 1
    except OSError:
        return False


def kill(container: Any) -> None:
    """Kill a container's process, and wait for its end."""
    if container["Pid"] is not None:
        with suppress(OSError):
            os.killpg(container["Pid"], signal.SIGKILL)
        while runs(container):
            time.sleep(0.005)


def is_free(port: int) -> bool:
    """Whether nothing listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
