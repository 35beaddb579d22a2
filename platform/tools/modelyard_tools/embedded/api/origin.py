"""Protects an API that needs no password against web pages."""

import ipaddress
import socket
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from modelyard_tools.embedded.api.errors import error_response

# Top-level names that nobody can register: RFC 6761, RFC 6762, and ICANN's `internal`,
# as in `host.docker.internal`.
_PRIVATE: Final = (".localhost", ".local", ".internal")
# Headers that every browser sends with every request and scripts cannot remove. A CVAT
# server sends none of them, and may call this machine by any name.
_OF_BROWSERS: Final = ("origin", "accept-language", "sec-fetch-site", "sec-fetch-mode")


class SameOrigin:
    """Refuses requests that a browser sends from a page of another origin.

    Otherwise any page opened on this machine could deploy and delete functions.
    Clients other than browsers send no `Origin`. A page whose own name was made
    to resolve to this machine (DNS rebinding) is recognised by that name; other
    clients may use any name for this machine.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._own_name = socket.getfqdn().lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        refusal = self._refusal(Headers(scope=scope)) if scope["type"] == "http" else ""
        if refusal:
            await error_response(HTTPStatus.FORBIDDEN, refusal)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, headers: Headers) -> str:
        """Return why the request is refused; "" if it is not."""
        host = headers.get("host", "")
        if _from_browser(headers) and not self._is_ours(host):
            return "the header `host` does not name this machine; use its address"
        origin = headers.get("origin")
        if origin is not None and _authority(origin) != host:
            return "requests from other sites are refused"
        return ""

    def _is_ours(self, host: str) -> bool:
        """Whether the name in `host` can only be ours: no page can have it as its origin."""
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower().rstrip(".")
        except ValueError:
            return False
        return (
            "." not in name
            or name == self._own_name
            or name.endswith(_PRIVATE)
            or _is_address(name)
        )


def _from_browser(headers: Headers) -> bool:
    return headers.get("user-agent", "").startswith("Mozilla/") or any(
        name in headers for name in _OF_BROWSERS
    )


def _authority(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
