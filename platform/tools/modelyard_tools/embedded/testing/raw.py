"""Raw bytes on a connection, for requests that no HTTP client would send."""

import socket
from contextlib import suppress

from modelyard_tools.home.running import HOST

_PATIENCE = 60.0


def exchange(port: int, sent: bytes, *, ends: bool = False) -> bytes:
    """Send `sent` and return all that comes back until the server closes.

    With `ends`, the client half-closes the connection, which a server takes as its
    end; without it, `sent` must make the server close.

    Raises:
        TimeoutError: the other side neither answers nor closes.
    """
    received = b""
    # A server that closes early may do so while we still send.
    with (
        socket.create_connection((HOST, port), timeout=_PATIENCE) as connection,
        suppress(ConnectionError, BrokenPipeError),
    ):
        connection.sendall(sent)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        while chunk := connection.recv(65536):
            received += chunk
    return received


def statuses(received: bytes) -> list[int]:
    """Return the status of each HTTP response in `received`."""
    lines = (line for line in received.split(b"\r\n") if line.startswith(b"HTTP/1.1 "))
    return [int(line.split()[1]) for line in lines]
