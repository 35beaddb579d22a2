"""The variables by which a process reaches the network as its user does."""

from __future__ import annotations

# What a process that fetches something needs to know of the user's network. Nothing of it reaches
# what is fetched.
NETWORK_ENV = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
)
