"""Reading a request: its size is bounded before and while its body arrives."""

import asyncio
import time
from urllib.parse import quote

from starlette.requests import Request

from modelyard.serving.protocol.messages import Event
from modelyard.serving.server import headers

# How long a client may pause in the middle of a body, in seconds.
_BODY_PAUSE = 30.0
# More digits than any valid size; Python refuses to parse thousands of them.
_MANY_DIGITS = 20


class BadRequestError(Exception):
    """A request that cannot become an event.

    Attributes:
        status: 408 or 413.
        message: One line for the client.
    """

    def __init__(self, status: int, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.status = status
        self.message = message


async def read_event(
    request: Request, request_id: str, *, max_body: int, path: str | None = None
) -> Event:
    """Read a whole request and return it as an event.

    Raises:
        BadRequestError: 413, the body is longer than `max_body` bytes, and no more
            of it is read; 408, the client stopped sending; 400, its length is
            declared in two ways, as in request smuggling.
        ClientDisconnect: the client disconnected.
    """
    if "transfer-encoding" in request.headers and "content-length" in request.headers:
        raise BadRequestError(400, "send either content-length or transfer-encoding, not both")
    return Event(
        id=request_id,
        method=request.method,
        path=request.scope["path"] if path is None else path,
        headers=headers.for_function(request.headers.items()),
        content_type=request.headers.get("content-type", ""),
        body=await _read_body(request, max_body),
        fields=dict(request.query_params),
        timestamp=time.time(),
        url=_url(request),
    )


def _url(request: Request) -> str:
    """Return the URL as the client wrote it; Starlette would refuse some hosts."""
    scope = request.scope
    query = scope["query_string"].decode("latin-1")
    host = request.headers.get("host", "")
    return f"{scope['scheme']}://{host}{quote(scope['path'])}{'?' if query else ''}{query}"


def expected_size(request: Request, max_body: int) -> int:
    """Return how many bytes the body may take: its declared size, else the maximum.

    This is 0 for a body that will be refused.
    """
    if "transfer-encoding" in request.headers:
        return max_body
    declared = _declared_size(request)
    return declared if declared <= max_body else 0


def _declared_size(request: Request) -> int:
    text = request.headers.get("content-length", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < _MANY_DIGITS else 0


async def _read_body(request: Request, max_body: int) -> bytes:
    too_large = BadRequestError(413, f"the body is larger than the {max_body} bytes allowed")
    if _declared_size(request) > max_body:
        raise too_large
    body = bytearray()
    chunks = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(_BODY_PAUSE):
                body += await anext(chunks)
        except StopAsyncIteration:
            return bytes(body)
        except TimeoutError:
            raise BadRequestError(
                408, f"no data of the body received for {_BODY_PAUSE:g} s"
            ) from None
        if len(body) > max_body:
            raise too_large
