"""The environment variables that a process needs to reach the network as its user does."""

from __future__ import annotations

# The user's network settings, for processes that fetch something. The result does not depend on
# them.
NETWORK_ENV = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
)
