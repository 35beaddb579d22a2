"""Keeping web pages away from an API that needs no password."""

from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from embedded.api.errors import error_response


class SameOrigin:
    """Refuses requests that a browser sends for a page of another origin.

    Without this, any page that somebody on this machine opens could deploy and
    delete functions. Clients that are no browsers send no `Origin`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        if scope["type"] == "http" and not _same_origin(Headers(scope=scope)):
            refusal = error_response(HTTPStatus.FORBIDDEN, "requests of other sites are refused")
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _same_origin(headers: Headers) -> bool:
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")
