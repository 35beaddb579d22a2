"""Attacks by a hostile client or a hostile function."""

from collections.abc import Iterator
from typing import Any

import pytest

from modelyard_tools.embedded.testing.process import PlatformProcess, request
from modelyard_tools.embedded.testing.raw import exchange, statuses
from modelyard_tools.home.folders import Home
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import HANDLER, FakeRelease

SPLITTING = HANDLER.format(version="1").replace(
    '"x-kept": "k"',
    '"x-kept": "k\\r\\nx-injected: yes", "x-a\\r\\nx-injected": "yes", "content-length": "9999", '
    '"transfer-encoding": "chunked", "x-nuclio-filestream-path": "/etc/passwd"',
)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformProcess]:
    with PlatformProcess(Home(tmp_path_factory.mktemp("home"))) as platform:
        yield platform


@pytest.fixture(scope="module")
def echo(platform: PlatformProcess) -> FakeRelease:
    release = FakeRelease(name="echo", port=free_port())
    platform.deploy(release)
    return release


@pytest.mark.parametrize(
    "path",
    [
        "/api/functions/../../etc/passwd",
        "/api/functions/..%2f..%2fplatform",
        "/api/functions/%2e%2e/logs/x",
        "/api/functions/platform/logs/nuclio-nuclio-platform",
        "/api/functions/echo/logs/..%2f..%2fplatform.json",
        "/api/functions/echo/logs/%2fetc%2fpasswd",
        "/api/projects/..%2f..%2fstate",
        "/console/api/functions/..%2f..%2fplatform/logs",
        "/console/api/functions/platform/logs",
        "/api/functions/%00",
    ],
)
@pytest.mark.usefixtures("echo")
def test_no_path_escapes(platform: PlatformProcess, path: str) -> None:
    answer = platform.api("GET", path)
    assert answer.status in (400, 404)
    assert "error" in answer.json


@pytest.mark.parametrize(
    "name", ["../../etc", "..", "a/b", "/etc", "platform", "a\nb", "A", "", ".", "a" * 64, 1, None]
)
def test_no_name_escapes(platform: PlatformProcess, name: Any) -> None:
    config = FakeRelease(name="some", port=free_port()).config()
    config["metadata"]["name"] = name
    before = sorted(platform.home.root.rglob("*.json"))
    answer = platform.api("POST", "/api/functions", config)
    assert answer.status == 400
    project = {"metadata": {"name": name}}
    assert name == "platform" or platform.api("POST", "/api/projects", project).status == 400
    assert sorted(platform.home.root.rglob("*.json")) == before


@pytest.mark.parametrize("image", ["../../etc/passwd", "modelyard/x:..%2f..", "x:" + "0" * 63])
def test_no_image_escapes(platform: PlatformProcess, image: str) -> None:
    config = FakeRelease(name="stray", port=free_port()).config()
    config["metadata"]["labels"] = {}
    config["spec"]["image"] = image
    wait = {"x-nuclio-wait-function-action": "true"}
    assert platform.api("PUT", "/api/functions/stray", config, wait).status == 202
    assert "cannot run here" in platform.function("stray")["status"]["message"]


def test_a_function_cannot_inject_headers(platform: PlatformProcess) -> None:
    release = FakeRelease(name="splitting", port=free_port(), source=SPLITTING)
    platform.deploy(release)
    invocation = {"x-nuclio-function-name": "splitting"}
    through_dashboard = platform.api("POST", "/api/function_invocations", {}, invocation)
    for answer in (request(release.port, "POST", "/", b"{}"), through_dashboard):
        assert answer.status == 200
        assert answer.json["version"] == "1"
        assert not {
            name for name in answer.headers if name.startswith(("x-injected", "x-a", "x-k"))
        }
        assert answer.headers["content-length"] == str(len(answer.body))


@pytest.mark.parametrize("given", ["a" * 129, "a b", "<script>", "é", "a;b", ""])
def test_a_strange_request_id_is_not_repeated(echo: FakeRelease, given: str) -> None:
    headers = f"x-request-id: {given}\r\n".encode("latin-1")
    received = exchange(
        echo.port, b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n" + headers + b"\r\n"
    )
    assert statuses(received) == [200]
    (line,) = [x for x in received.lower().split(b"\r\n") if x.startswith(b"x-request-id: ")]
    assert len(line.removeprefix(b"x-request-id: ")) == 32


def test_a_good_request_id_is_kept_at_both_doors(
    platform: PlatformProcess, echo: FakeRelease
) -> None:
    headers = {"x-request-id": "mine-1.2_3", "x-nuclio-function-name": "echo"}
    for port, path in ((echo.port, "/"), (platform.port, "/api/function_invocations")):
        answer = request(port, "POST", path, b"", headers)
        assert answer.headers["x-request-id"] == "mine-1.2_3"
        assert answer.json["headers"]["x-request-id"] == "mine-1.2_3"


def test_a_length_given_in_two_ways_is_refused(echo: FakeRelease) -> None:
    both = (
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n"
        b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
    )
    assert statuses(exchange(echo.port, both)) == [400]
    twice = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcde"
    assert statuses(exchange(echo.port, twice)) == [400]


def test_a_client_that_disconnects_is_not_our_failure(platform: PlatformProcess) -> None:
    head = b"POST /api/projects HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n"
    assert exchange(platform.port, head + b'{"metadata"', ends=True) == b""
    assert platform.api("GET", "/api/versions").status == 200
    assert "traceback" not in platform.log()


def test_endless_headers_are_refused(platform: PlatformProcess, echo: FakeRelease) -> None:
    endless = b"GET / HTTP/1.1\r\nhost: a\r\nx-long: " + b"a" * 2_000_000
    for port in (platform.port, echo.port):
        assert set(statuses(exchange(port, endless))) <= {400, 431}
        assert request(port, "GET", "/api/versions").status == 200
