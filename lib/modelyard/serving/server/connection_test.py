"""Clients that send nothing, or not enough."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn
from anyio import fail_after
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from modelyard.serving.server.connection import Connection
from modelyard.serving.server.listening import listen

pytestmark = pytest.mark.anyio
HEAD = b"GET / HTTP/1.1\r\nhost: a\r\n"


class Hasty(Connection):
    head_seconds = 0.2


@pytest.fixture
async def port() -> AsyncIterator[int]:
    app: ASGIApp = PlainTextResponse("hello")
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(
        uvicorn.Config(app, http=Hasty, timeout_keep_alive=1, lifespan="off", log_config=None)
    )
    serving = asyncio.create_task(server.serve([listener]))
    yield listener.getsockname()[1]
    server.should_exit = True
    await serving


@pytest.mark.parametrize("sent", [b"", b"G", HEAD, HEAD + b"\r\n" + HEAD])
async def test_a_head_that_does_not_end_closes_the_connection(port: int, sent: bytes) -> None:
    with fail_after(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        received = await reader.read()
        writer.close()
    assert received.count(b"200 OK") == sent.count(b"\r\n\r\n")


async def test_heads_that_come_whole_are_answered(port: int) -> None:
    with fail_after(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(HEAD + b"\r\n")
            assert b"200 OK" in await reader.readuntil(b"hello")
        writer.close()
