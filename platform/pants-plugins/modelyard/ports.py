"""Fixed ports: the repository's BUILD files are the registry.

A random port changes when Docker restarts while CVAT keeps calling the old one, so every function
has one port for good. A function that names none gets one derived from its name: adding or
removing another function never moves it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import Mapping

# Below Linux's default ephemeral range (32768 and up), so that no outgoing connection takes one.
FIRST_PORT = 20000
LAST_PORT = 29999


class PortConflict(ValueError):
    """Two functions of the repository want one port."""


def derived_port(name: str) -> int:
    digest = hashlib.sha256(name.encode()).digest()
    return FIRST_PORT + int.from_bytes(digest[:4], "big") % (LAST_PORT - FIRST_PORT + 1)


def require_unique(ports: Mapping[str, int]) -> None:
    """Raise `PortConflict` when two addresses in `ports` (address to port) share a port."""
    owners = defaultdict(list)
    for address, port in sorted(ports.items()):
        owners[port].append(address)
    for port, addresses in sorted(owners.items()):
        if len(addresses) > 1:
            free = next(p for p in range(port + 1, port + len(ports) + 2) if p not in owners)
            raise PortConflict(
                f"{' and '.join(addresses)} share port {port}; set port={free} (free) on one of "
                "them"
            )
