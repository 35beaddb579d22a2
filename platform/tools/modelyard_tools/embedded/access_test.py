"""Which requests are let in, and which are not."""

import base64
import socket
from pathlib import Path

import psutil
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Scope

from modelyard_tools.embedded.access import TOKEN_VARIABLE, Access, AccessError, Guard
from modelyard_tools.embedded.testing.process import PlatformProcess, request
from modelyard_tools.home.folders import Home
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import FakeRelease

TOKEN = "correct horse battery"  # noqa: S105 - only for tests
EVERYWHERE = "0.0.0.0"  # noqa: S104 - refused, or never bound


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def _behind(request: Request) -> Response:
    return JSONResponse(dict(request.headers))


async def _behind_app(scope: Scope, receive: object, send: object) -> None:
    response = await _behind(Request(scope))
    await response(scope, receive, send)  # type: ignore[arg-type]


async def _status(access: Access, server: str | None, authorization: str | None = None) -> int:
    """Call a guarded application over a connection whose local end is `server`."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"authorization", authorization.encode())] if authorization else []
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": headers,
        "server": (server, 80) if server else None,
    }
    await Guard(_behind_app, access)(scope, receive, send)
    assert TOKEN.encode() not in sent[1]["body"]
    return int(sent[0]["status"])


def _basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("server", "authorization", "status"),
    [
        ("192.0.2.1", None, 401),
        ("192.0.2.1", "Bearer wrong", 401),
        ("192.0.2.1", "Bearer ", 401),
        ("192.0.2.1", f"Bearer {TOKEN[:-1]}", 401),
        ("192.0.2.1", f"Bearer {TOKEN}", 200),
        ("192.0.2.1", f"bearer {TOKEN}", 200),
        ("192.0.2.1", _basic("anybody", TOKEN), 200),
        ("192.0.2.1", _basic("anybody", "wrong"), 401),
        ("192.0.2.1", "Basic ***", 401),
        ("192.0.2.1", TOKEN, 401),
        (None, None, 401),
        ("/run/socket", None, 401),
        ("::1", None, 200),
        ("127.0.0.1", None, 200),
        ("::ffff:127.0.0.1", None, 200),
        ("::ffff:192.0.2.1", None, 401),
    ],
)
async def test_other_machines_need_the_token(
    server: str | None, authorization: str | None, status: int
) -> None:
    assert await _status(Access(EVERYWHERE, TOKEN), server, authorization) == status


@pytest.mark.anyio
async def test_without_a_token_nothing_is_required() -> None:
    assert await _status(Access(EVERYWHERE), "192.0.2.1") == 200


@pytest.mark.parametrize(
    ("host", "token", "reason"),
    [
        (EVERYWHERE, None, "MODELYARD_ALLOW_UNAUTHENTICATED=1"),
        (EVERYWHERE, "", "MODELYARD_TOKEN"),
        ("192.0.2.1", None, "lets other machines"),
        (EVERYWHERE, "short", "16 printable"),
        (EVERYWHERE, "a token that holds \n", "printable"),
        ("localhost", None, "IP address"),
        ("", None, "IP address"),
    ],
)
def test_nothing_is_opened_by_accident(host: str, token: str | None, reason: str) -> None:
    with pytest.raises(AccessError, match=reason):
        Access.decide(host, token, unauthenticated=False)


def test_our_own_tools_always_reach_it() -> None:
    assert Access.decide("127.0.0.1", None, unauthenticated=False).hosts == ("127.0.0.1",)
    assert Access.decide(EVERYWHERE, TOKEN, unauthenticated=False).hosts == (EVERYWHERE,)
    bridge = Access.decide("172.17.0.1", None, unauthenticated=True)
    assert bridge.hosts == ("127.0.0.1", "172.17.0.1")
    assert bridge.unguarded


def test_a_platform_that_would_be_open_does_not_start(home: Home) -> None:
    with pytest.raises(AssertionError, match="lets other machines deploy"):
        PlatformProcess(home, ["--host", EVERYWHERE])


def _own_address() -> str | None:
    """Return an address of this machine by which others could reach it."""
    for addresses in psutil.net_if_addrs().values():
        for each in addresses:
            if each.family == socket.AF_INET and not each.address.startswith("127."):
                return each.address
    return None


@pytest.mark.skipif(_own_address() is None, reason="this machine has no network")
def test_both_doors_ask_for_the_token(tmp_path: Path) -> None:
    host = _own_address() or ""
    home = Home(tmp_path / "home")
    with PlatformProcess(home, ["--host", host], {TOKEN_VARIABLE: TOKEN}) as platform:
        release = FakeRelease(name="echo", port=free_port())
        status = platform.deploy(release)["status"]
        assert status["internalInvocationUrls"] == [f"127.0.0.1:{release.port}"]
        assert status["externalInvocationUrls"] == [f"{host}:{release.port}"]
        for port, path in ((platform.port, "/api/functions"), (release.port, "/")):
            refused = request(port, "GET", path, host=host)
            assert refused.status == 401
            assert refused.headers["www-authenticate"].startswith("Basic")
            bearer = {"authorization": f"Bearer {TOKEN}"}
            admitted = request(port, "GET", path, headers=bearer, host=host)
            assert admitted.status == 200
            assert TOKEN.encode() not in admitted.body
        assert TOKEN not in platform.log()
