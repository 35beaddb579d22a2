"""Refusing a request whose body was not fully read."""

import asyncio
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from modelyard_contract.limits import MIB

# A client that sends too much still gets its answer if it finishes soon.
_LINGER_SECONDS = 5.0
_LINGER_BYTES = 64 * MIB


class Refusal(Response):
    """A response to a request whose body was not fully read.

    Closing at once would often lose the response before the client, still
    sending, has read it. So the rest is discarded first, if it is not too
    much, and then the connection is closed.
    """

    def __init__(self, response: Response) -> None:
        super().__init__(bytes(response.body), response.status_code, response.headers)
        self.headers["connection"] = "close"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, discard what still comes, and close."""
        start = {"type": "http.response.start", "status": self.status_code}
        await send({**start, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        # A client that asks first (like curl) sends nothing after a refusal.
        if "expect" not in Request(scope).headers:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LINGER_SECONDS):
                    await _discard(receive)
        await send({"type": "http.response.body", "body": b""})


async def _discard(receive: Receive) -> None:
    left = _LINGER_BYTES
    while left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        if not message.get("more_body", False):
            return
