"""Who may reach the platform: this machine; others only with a token or an explicit setting."""

import base64
import binascii
import hmac
import ipaddress
from http import HTTPStatus
from typing import Final, Self

import msgspec
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from modelyard_contract import variables
from modelyard_tools.home.running import HOST

TOKEN_VARIABLE: Final = "MODELYARD_TOKEN"  # noqa: S105 - only its name
OPEN_VARIABLE: Final = "MODELYARD_ALLOW_UNAUTHENTICATED"
_LEAST_TOKEN: Final = 16


class AccessError(Exception):
    """The settings would let anyone in; the text says what to do."""


class Access(msgspec.Struct, frozen=True):
    """Where the platform listens besides the loopback interface, and what it requires there.

    If `token` is None, nothing is required.
    """

    host: str = HOST
    token: str | None = None

    @classmethod
    def decide(cls, host: str, token: str | None, *, unauthenticated: bool) -> Self:
        """Check that the three settings are consistent.

        Raises:
            AccessError: `host` is not an IP address, or can be reached from other
                machines with neither a token nor permission to do without one.
        """
        try:
            loopback = ipaddress.ip_address(host).is_loopback
        except ValueError:
            raise AccessError(
                f"{variables.HOST} is {host!r}; it must be an IP address of this machine"
            ) from None
        if token and (len(token) < _LEAST_TOKEN or not token.isascii() or not token.isprintable()):
            raise AccessError(
                f"{TOKEN_VARIABLE} must have at least {_LEAST_TOKEN} printable ASCII characters"
            )
        if not (loopback or token or unauthenticated):
            raise AccessError(
                f"listening on {host} lets other machines deploy code here; set {TOKEN_VARIABLE}, "
                f"or, if only trusted clients can reach that address, {OPEN_VARIABLE}=1"
            )
        return cls(host, token or None)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The addresses to listen on, always including loopback, for our own tools."""
        if self.host == HOST or ipaddress.ip_address(self.host).is_unspecified:
            return (self.host,)
        return (HOST, self.host)

    @property
    def unguarded(self) -> bool:
        """Whether other machines are let in without a token."""
        return self.token is None and not ipaddress.ip_address(self.host).is_loopback


class Guard:
    """Requires the token in every request that did not come over the loopback interface.

    It is sent as `Authorization: Bearer <token>`, or as the password of basic authentication,
    which browsers prompt for. The function does not see it.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._token = access.token.encode() if access.token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward the request, or answer 401."""
        if scope["type"] != "http" or self._token is None or _came_over_loopback(scope):
            await self._app(scope, receive, send)
        elif hmac.compare_digest(_given_token(Headers(scope=scope)), self._token):
            kept = [pair for pair in scope["headers"] if pair[0] != b"authorization"]
            await self._app({**scope, "headers": kept}, receive, send)
        else:
            await _refusal()(scope, receive, send)


def _came_over_loopback(scope: Scope) -> bool:
    """Whether the connection's local end is a loopback address, which only this machine reaches."""
    server = scope.get("server")
    try:
        address = ipaddress.ip_address(server[0] if server else "")
    except ValueError:
        return False
    # A dual-stack socket reports an IPv4 address mapped to IPv6.
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _given_token(headers: Headers) -> bytes:
    """Return the token of the request, empty if there is none."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip().encode("latin-1")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).partition(b":")[2]
        except binascii.Error:
            return b""
    return b""


def _refusal() -> Response:
    challenge = {"www-authenticate": 'Basic realm="modelyard", charset="UTF-8"'}
    body = msgspec.json.encode({"error": f"a token is needed; see {TOKEN_VARIABLE}"})
    return Response(body, HTTPStatus.UNAUTHORIZED, headers=challenge, media_type="application/json")
