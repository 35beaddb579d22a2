"""A function over real sockets: a real server and real clients, some misbehaving."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import msgspec
import pytest
import uvicorn

from modelyard.serving.conftest import PoolStarter, until
from modelyard.serving.protocol.messages import Event, Reply
from modelyard.serving.protocol.sample import sample_request
from modelyard.serving.server.budget import ByteBudget
from modelyard.serving.server.http import function_app
from modelyard.serving.server.listening import listen

pytestmark = pytest.mark.anyio


class Echo:
    """Answers with the event as JSON, or with the result of `reply`."""

    def __init__(self, reply: Callable[[Event], Awaitable[Reply]] | None = None) -> None:
        self.ready = 1
        self.events: list[Event] = []
        self.cancelled = 0
        self._reply = reply

    async def call(self, event: Event) -> Reply:
        self.events.append(event)
        try:
            if self._reply is not None:
                return await self._reply(event)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return Reply(200, msgspec.json.encode(event), "application/json", {"x-made-by": "echo"})


Serve = Callable[..., Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serve a callee on a free port; return the URL."""
    servers: list[tuple[uvicorn.Server, asyncio.Task[None]]] = []

    async def start(callee: Any, **settings: Any) -> str:
        listener = listen("127.0.0.1", 0)
        config = uvicorn.Config(
            function_app(callee, **settings), lifespan="off", ws="none", log_level="warning"
        )
        server = uvicorn.Server(config)
        servers.append((server, asyncio.create_task(server.serve([listener]))))
        await until(lambda: server.started)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for server, task in servers:
        server.should_exit = server.force_exit = True
        await task


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=30) as client:
        yield client


async def raw(url: str, request: bytes) -> bytes:
    """Send bytes; return everything received until the server closes or resets."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    try:
        return await asyncio.wait_for(reader.read(), 30)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


async def test_a_request_becomes_an_event(serve: Serve, client: httpx.AsyncClient) -> None:
    echo = Echo()
    url = await serve(echo)
    response = await client.put(
        f"{url}/a/b%20c?q=1&q=2&empty=",
        content=b'{"n": 1}',
        headers={"content-type": "application/json", "x-tag": "t", "connection": "keep-alive"},
    )
    event = echo.events[0]
    assert response.status_code == 200
    assert response.headers["x-made-by"] == "echo"
    assert response.headers["x-request-id"] == event.id
    assert (event.method, event.path, event.body) == ("PUT", "/a/b c", b'{"n": 1}')
    assert event.fields == {"q": "2", "empty": ""}
    assert event.content_type == "application/json"
    assert event.headers["x-tag"] == "t"
    assert "connection" not in event.headers
    assert event.url == f"{url}/a/b%20c?q=1&q=2&empty="
    assert event.timestamp > 1.7e9


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE", "OPTIONS", "BREW"])
async def test_any_method_is_an_event(serve: Serve, client: httpx.AsyncClient, method: str) -> None:
    url = await serve(Echo())
    response = await client.request(method, url)
    assert response.json()["method"] == method


async def test_head_is_answered_without_a_body(serve: Serve, client: httpx.AsyncClient) -> None:
    url = await serve(Echo())
    for path in ("/", "/__internal/health"):
        response = await client.head(url + path)
        assert response.status_code == 200
        assert int(response.headers["content-length"]) > 0
        assert response.content == b""


async def test_health_is_answered_by_the_server(serve: Serve, client: httpx.AsyncClient) -> None:
    echo = Echo()
    url = await serve(echo)
    assert (await client.get(f"{url}/__internal/health")).status_code == 200
    assert (await client.get(f"{url}/__internal/healthz")).json() == {"status": "ready"}
    echo.ready = 0
    response = await client.get(f"{url}/__internal/health")
    assert (response.status_code, response.json()) == (503, {"error": "no worker is ready"})
    assert not echo.events


async def test_a_client_may_name_its_request(serve: Serve, client: httpx.AsyncClient) -> None:
    url = await serve(Echo())
    response = await client.post(url, headers={"x-request-id": "mine-1"})
    assert response.headers["x-request-id"] == response.json()["id"] == "mine-1"
    response = await client.post(url, headers={"x-request-id": "not mine"})
    assert response.headers["x-request-id"] == response.json()["id"] != "not mine"


async def test_a_body_that_declares_too_much_is_refused(
    serve: Serve, client: httpx.AsyncClient
) -> None:
    echo = Echo()
    url = await serve(echo, max_body=1000)
    assert (await client.post(url, content=b"x" * 1000)).status_code == 200
    response = await client.post(url, content=b"x" * 1001)
    assert response.status_code == 413
    assert response.json() == {"error": "the body is larger than the 1000 bytes allowed"}
    assert response.headers["connection"] == "close"
    assert response.headers["x-request-id"]
    assert (await client.post(url, content=b"x")).status_code == 200
    assert len(echo.events) == 2


async def test_a_stream_that_grows_too_large_is_refused(
    serve: Serve, client: httpx.AsyncClient
) -> None:
    echo = Echo()
    url = await serve(echo, max_body=100_000)

    async def stream(chunks: int) -> AsyncIterator[bytes]:
        for _ in range(chunks):
            yield b"x" * 10_000

    fine = await client.post(url, content=stream(10))
    assert len(echo.events[0].body) == 100_000
    assert fine.status_code == 200
    refused = await client.post(url, content=stream(200))
    assert refused.status_code == 413
    assert len(echo.events) == 1


async def test_33_mib_get_their_413_while_they_are_sent(
    serve: Serve, client: httpx.AsyncClient
) -> None:
    url = await serve(Echo())
    response = await client.post(url, content=bytes(33 * 1024 * 1024))
    assert response.status_code == 413


async def test_a_client_that_asks_first_need_not_send(serve: Serve) -> None:
    url = await serve(Echo(), max_body=1000)
    head = b"POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2000\r\n\r\n"
    assert (await raw(url, head)).startswith(b"HTTP/1.1 413 ")


async def test_bodies_together_are_bounded(serve: Serve, client: httpx.AsyncClient) -> None:
    gate = asyncio.Event()

    async def wait(event: Event) -> Reply:
        await gate.wait()
        return Reply(200)

    budget = ByteBudget(2500)
    echo = Echo(wait)
    url = await serve(echo, budget=budget)
    posts = [asyncio.create_task(client.post(url, content=bytes(1000))) for _ in range(5)]
    await until(lambda: len(echo.events) == 2)
    await asyncio.sleep(0.05)
    assert len(echo.events) == 2
    assert budget.lent == 2000
    gate.set()
    assert {response.status_code for response in await asyncio.gather(*posts)} == {200}
    await until(lambda: budget.lent == 0)


async def test_a_client_that_goes_away_cancels_its_call(serve: Serve) -> None:
    async def never(event: Event) -> Reply:
        await asyncio.Event().wait()
        raise AssertionError

    echo = Echo(never)
    budget = ByteBudget(1000)
    url = await serve(echo, budget=budget)
    host, _, port = url.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi")
    await until(lambda: bool(echo.events))
    writer.close()
    await until(lambda: echo.cancelled == 1)
    await until(lambda: budget.lent == 0)


async def test_a_client_that_goes_away_in_its_body_harms_nothing(
    serve: Serve, client: httpx.AsyncClient
) -> None:
    echo = Echo()
    budget = ByteBudget(1000)
    url = await serve(echo, budget=budget)
    host, _, port = url.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\nhi")
    await until(lambda: budget.lent == 500)
    writer.close()
    await until(lambda: budget.lent == 0)
    assert (await client.post(url)).status_code == 200
    assert len(echo.events) == 1


async def test_a_client_that_stops_sending_gets_a_408(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelyard.serving.server.reading._BODY_PAUSE", 0.2)
    monkeypatch.setattr("modelyard.serving.server.refusal._LINGER_SECONDS", 0.1)
    url = await serve(Echo())
    answer = await raw(url, b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\nhi")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"no data of the body received for 0.2 s" in answer


async def test_an_error_of_the_callee_is_a_500_of_one_line(
    serve: Serve, client: httpx.AsyncClient
) -> None:
    async def fail(event: Event) -> Reply:
        raise RuntimeError("secret")

    url = await serve(Echo(fail))
    response = await client.post(url)
    assert response.status_code == 500
    assert response.json() == {"error": f"internal error (id {response.headers['x-request-id']})"}


@pytest.mark.parametrize("status", [200, 204, 304, 404, 418, 503, 599])
async def test_replies_of_every_status_pass(
    serve: Serve, client: httpx.AsyncClient, status: int
) -> None:
    async def reply(event: Event) -> Reply:
        return Reply(status, b"body")

    url = await serve(Echo(reply))
    response = await client.get(url)
    assert response.status_code == status
    assert response.content == (b"" if status in (204, 304) else b"body")


async def test_a_function_cannot_inject_headers(serve: Serve, client: httpx.AsyncClient) -> None:
    async def reply(event: Event) -> Reply:
        headers = {
            "x-bad": "1\r\nset-cookie: a=b",
            "transfer-encoding": "chunked",
            "content-length": "1",
            "x-nuclio-filestream-path": "/etc/passwd",
            "x-good": "1",
        }
        return Reply(200, b"body", "text/plain\r\nx-evil: 1", headers)

    url = await serve(Echo(reply))
    response = await client.get(url)
    assert response.content == b"body"
    assert response.headers["content-length"] == "4"
    assert response.headers["x-good"] == "1"
    assert not {"set-cookie", "x-bad", "x-evil", "x-nuclio-filestream-path"} & set(response.headers)


@pytest.mark.parametrize(
    "request_",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\nx: " + b"y" * 1_000_000 + b"\r\n\r\n",
        b"POST /" + b"y" * 1_000_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
    ],
)
async def test_malformed_http_is_a_400(
    serve: Serve, client: httpx.AsyncClient, request_: bytes
) -> None:
    echo = Echo()
    url = await serve(echo)
    answer = await raw(url, request_)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 "), answer[:200]
    assert (await client.get(url)).status_code == 200


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nhost: [\r\n",
        b"GET / HTTP/1.1\r\nhost: a:b:c\r\n",
        b"GET //x/../%00%ff%0d%0a HTTP/1.1\r\nhost: x\r\n",
        b"GET /?%ff=%00&a[]=1&&= HTTP/1.1\r\nhost: x\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nx-latin: caf\xe9\r\n",
        b"POST / HTTP/1.0\r\n",
    ],
)
async def test_odd_requests_reach_the_function(serve: Serve, head: bytes) -> None:
    echo = Echo()
    url = await serve(echo)
    answer = await raw(url, head + b"connection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 "), answer[:300]


async def test_a_compressed_body_is_left_alone(serve: Serve, client: httpx.AsyncClient) -> None:
    echo = Echo()
    url = await serve(echo)
    await client.post(url, content=gzip.compress(bytes(9)), headers={"content-encoding": "gzip"})
    assert gzip.decompress(echo.events[0].body) == bytes(9)


async def test_http_and_workers_together(
    serve: Serve, client: httpx.AsyncClient, start_tiny: PoolStarter
) -> None:
    pool = await start_tiny("detector", workers=2)
    url = await serve(pool)
    responses = await asyncio.gather(
        *(client.post(url, content=sample_request("detector")) for _ in range(20))
    )
    for response in responses:
        assert response.status_code == 200
        assert [item["points"] for item in response.json()] == [[40, 30, 120, 90]]
    bad = await client.post(url, content=json.dumps({"image": 1}))
    assert bad.status_code == 400
    assert "image" in bad.json()["error"]
