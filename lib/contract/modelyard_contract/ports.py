"""Fixed ports: the repository's BUILD files are the registry.

A random port changes when Docker restarts, while CVAT keeps calling the old one, so every function
has a permanent port. By default it is derived from the function's name: adding or removing another
function never changes it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping

# Inside a container: events and health checks.
EVENTS = 8080
HEALTH = 8082
# On the host: Nuclio's dashboard or the embedded platform in its place, and CVAT.
DASHBOARD = 8070
CVAT = 8080

# Lower ports need privileges.
LEAST_PORT = 1024
MOST_PORT = 65535
# Start of Linux's default range for outgoing connections.
FIRST_EPHEMERAL = 32768
# Default ports of functions: below that range, so that no outgoing connection takes one.
FIRST_DERIVED = 20000
LAST_DERIVED = 29999

_TAKEN: Mapping[int, str] = {DASHBOARD: "the dashboard", CVAT: "CVAT"}


class PortRuleError(ValueError):
    """A port that a function cannot have, or that two functions share."""


def check_port(port: int) -> None:
    """Check a function's port on the host.

    Raises:
        PortRuleError: it is out of range or reserved.
    """
    if not LEAST_PORT <= port <= MOST_PORT:
        raise PortRuleError(f"a port from {LEAST_PORT} to {MOST_PORT} is accepted")
    if port in _TAKEN:
        raise PortRuleError(f"{_TAKEN[port]} listens there; use another")


def derived_port(name: str) -> int:
    """Return the default port of a function."""
    digest = hashlib.sha256(name.encode()).digest()
    return FIRST_DERIVED + int.from_bytes(digest[:4], "big") % (LAST_DERIVED - FIRST_DERIVED + 1)


def require_unique(ports: Mapping[str, int]) -> None:
    """Check `ports`, which are by address of their function.

    Raises:
        PortRuleError: two share one; the message names both and a free port.
    """
    owners = defaultdict(list)
    for address, port in sorted(ports.items()):
        owners[port].append(address)
    for port, addresses in sorted(owners.items()):
        if len(addresses) > 1:
            free = next(p for p in range(port + 1, port + len(ports) + 2) if p not in owners)
            raise PortRuleError(
                f"{' and '.join(addresses)} share port {port}; set port={free} (free) on one of "
                "them"
            )
