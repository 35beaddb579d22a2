"""The console's files, and the headers that restrict what browsers do with them."""

import mimetypes
from pathlib import Path
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modelyard_contract.version import VERSION

_STATIC: Final = Path(__file__).parent / "static"
_PAGE: Final = _STATIC / "index.html"
# Everything is served from here, nothing is inline; pictures may be the user's own.
_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob: data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS: Final = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    # A new platform must not run with the old one's cached scripts; ETags keep this cheap.
    "cache-control": "no-cache",
}
# Whether scripts run must not depend on the machine's own MIME types.
_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


def console_routes() -> list[BaseRoute]:
    """Return the routes for `/`, the page, and `/console/…`, its files."""
    for suffix, kind in _TYPES.items():
        mimetypes.add_type(kind, suffix)
    # Installers may symlink the files; the targets were installed with us.
    files = StaticFiles(directory=_STATIC, follow_symlink=True)

    page = HTMLResponse(_PAGE.read_text(encoding="utf-8").replace("{version}", VERSION))
    return [
        Route("/", _Guarded(page), methods=["GET", "HEAD"]),
        Mount("/console", _Guarded(files)),
    ]


class _Guarded:
    """Adds the headers to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, send_guarded)
