"""Sockets for HTTP servers, bound before anything else is started."""

import errno
import socket


class ListenError(OSError):
    """Cannot listen on an address; one line names it. `is_taken`: another socket listens there."""

    is_taken = False


def listen(host: str, port: int) -> socket.socket:
    """Return a listening TCP socket; port 0 takes any free one.

    Small answers leave at once. asyncio sees to that only for sockets that name
    their protocol, which those of `socket.create_server` do not: there each
    answer waits 40 ms for the client's acknowledgement of its headers.

    Raises:
        ListenError: the address is taken, or not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        # Two processes may bind the same port as long as neither listens.
        listener.listen(1024)
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        refusal = ListenError(f"cannot listen on {host} port {port}: {reason}")
        refusal.is_taken = error.errno == errno.EADDRINUSE
        raise refusal from error
    return listener
