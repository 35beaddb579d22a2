"""Ports for servers of tests, which run beside other tests."""

import random
import socket
from typing import Final

# Linux takes those above for connections: whatever another test has open could be in the way.
_PORTS: Final = range(10_000, 32_768)


def free_port() -> int:
    """Return a loopback port that nobody uses at the moment."""
    while True:
        port = random.choice(_PORTS)  # noqa: S311 - nobody has to be kept from guessing it
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
