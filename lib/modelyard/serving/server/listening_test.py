"""Listening sockets."""

import asyncio
import socket

import pytest

from modelyard.serving.server.listening import ListenError, listen

pytestmark = pytest.mark.anyio


async def test_asyncio_sends_small_answers_at_once() -> None:
    delays: list[int] = []

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        delays.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    listener = listen("127.0.0.1", 0)
    async with await asyncio.start_server(answer, sock=listener):
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        await reader.read()
        writer.close()
    assert delays == [1]


def test_an_address_in_use_is_named() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(ListenError, match=f"cannot listen on 127.0.0.1 port {port}: "):
            listen("127.0.0.1", port)


def test_ipv6_is_recognised_by_its_colons() -> None:
    with listen("::1", 0) as listener:
        assert listener.family == socket.AF_INET6
