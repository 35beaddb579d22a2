"""Ports for servers of tests, which run beside other tests."""

import random
import socket
from pathlib import Path
from typing import Final

_FOR_CONNECTIONS: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """Return a loopback port that nobody uses at the moment.

    It is none of those that the system takes for connections where it leaves others: whatever
    another test has open could be in the way.
    """
    ports = _ports()
    while True:
        port = random.choice(ports)  # noqa: S311 - nobody has to be kept from guessing it
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
