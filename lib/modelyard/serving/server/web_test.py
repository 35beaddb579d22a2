"""Stopping a server, whatever it is doing."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn
from anyio import fail_after
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from modelyard.serving.server.listening import listen
from modelyard.serving.server.web import Server

pytestmark = pytest.mark.anyio
REQUEST = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"


class Drowsy(Server):
    """Polls less often than a test runs."""

    tick_seconds = 86_400.0


@pytest.fixture
async def server() -> AsyncIterator[tuple[Server, int]]:
    app: ASGIApp = PlainTextResponse("hello")
    listener = listen("127.0.0.1", 0)
    server = Drowsy(uvicorn.Config(app, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve([listener]))
    yield server, listener.getsockname()[1]
    server.end()
    with fail_after(30):
        await serving


async def ask(port: int) -> bytes:
    with fail_after(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST)
        received = await reader.read()
        writer.close()
    return received


async def test_an_idle_server_stops_when_told_to(server: tuple[Server, int]) -> None:
    await ask(server[1])


async def test_one_told_to_stop_before_it_serves_stops_too() -> None:
    server = Drowsy(uvicorn.Config(PlainTextResponse("hello"), lifespan="off", log_config=None))
    server.end()
    with fail_after(30):
        await server.serve([listen("127.0.0.1", 0)])


async def test_answers_have_their_date(server: tuple[Server, int]) -> None:
    assert b"\r\ndate: " in await ask(server[1])
