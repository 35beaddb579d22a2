"""Ports for test servers, which run in parallel with other tests."""

import random
import socket
from pathlib import Path
from typing import Final

_FOR_CONNECTIONS: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """Return a loopback port that is currently free.

    If possible, it is outside the ephemeral range, in which a connection of another test could be
    in the way.
    """
    ports = _ports()
    while True:
        port = random.choice(ports)  # noqa: S311 - it may be guessable
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def _ports() -> range:
    try:
        lowest, highest = map(int, _FOR_CONNECTIONS.read_text().split())
    except OSError:
        lowest, highest = 32_768, 60_999
    below, above = range(10_000, lowest), range(highest + 1, 65_536)
    return max(below, above, key=len) or range(10_000, 65_536)
