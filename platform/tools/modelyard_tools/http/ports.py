"""Binding ports, and finding out which process holds one that is taken."""

import os
import socket
from collections.abc import Sequence

import psutil

from modelyard.serving.server.listening import ListenError, listen
from modelyard_tools.home.running import HOST


class PortError(Exception):
    """Cannot bind the port; the text says which process has it, if that is known."""


def bind_all(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """Return a listening socket for each address, all on one port (0: any free one).

    Raises:
        PortError: another process has it, or it is not permitted.
    """
    bound: list[socket.socket] = []
    try:
        for host in hosts:
            bound.append(bind(bound[0].getsockname()[1] if bound else port, host))
    except PortError:
        for listener in bound:
            listener.close()
        raise
    return bound


def bind(port: int, host: str = HOST) -> socket.socket:
    """Return a listening socket on `port` of the address `host`.

    Raises:
        PortError: another process has it, or it is not permitted.
    """
    try:
        listener = listen(host, port)
    except ListenError as error:
        if not error.is_taken:
            raise PortError(str(error)) from None
        raise PortError(f"port {port} is already taken by {owner(port)}") from None
    listener.setblocking(False)
    return listener


def owner(port: int) -> str:
    """Return which process listens on `port`, as far as we are permitted to know."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except (psutil.Error, OSError):
        return "another process"
    for connection in connections:
        listens = connection.status == psutil.CONN_LISTEN
        if listens and connection.laddr[1:] == (port,):
            return _process(connection.pid)
    return "another process"


def _process(pid: int | None) -> str:
    if pid is None:
        return "another user's process"
    if pid == os.getpid():
        return "another function of this platform"
    try:
        return f"{psutil.Process(pid).name()} (process {pid})"
    except psutil.Error:
        return f"process {pid}"
