"""Sockets for HTTP servers, bound before anything else is started."""

import socket


class ListenError(OSError):
    """An address is not to be had; one line names it."""


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
        listener.listen(1024)
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        raise ListenError(f"cannot listen on {host} port {port}: {reason}") from error
    return listener
