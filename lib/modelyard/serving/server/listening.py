"""Listening sockets for HTTP servers, bound before anything else is started."""

import errno
import socket


class ListenError(OSError):
    """Cannot listen on an address, which the message names. `is_taken`: it is in use."""

    is_taken = False


def listen(host: str, port: int) -> socket.socket:
    """Return a listening TCP socket; port 0 picks a free one.

    Small answers are sent at once. asyncio disables Nagle's algorithm only for
    sockets that declare their protocol, unlike those of `socket.create_server`:
    there each answer waits 40 ms for the acknowledgement of its headers.

    Raises:
        ListenError: the address is in use, or not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        # Two processes may bind the same port until one listens.
        listener.listen(1024)
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        refusal = ListenError(f"cannot listen on {host} port {port}: {reason}")
        refusal.is_taken = error.errno == errno.EADDRINUSE
        raise refusal from error
    return listener
