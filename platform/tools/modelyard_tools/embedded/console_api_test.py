"""The API that the console uses."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from modelyard_tools.embedded.testing.process import PlatformProcess, request
from modelyard_tools.home.folders import Home
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import FakeRelease


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformProcess]:
    with PlatformProcess(Home(tmp_path_factory.mktemp("home"))) as platform:
        yield platform


@pytest.fixture(scope="module")
def echo(platform: PlatformProcess) -> FakeRelease:
    release = FakeRelease(name="echo", port=free_port())
    platform.deploy(release)
    return release


def test_the_list_describes_functions_and_their_state(
    platform: PlatformProcess, echo: FakeRelease
) -> None:
    before = platform.api("GET", "/console/api/functions/echo").json
    assert request(echo.port, "POST", "/", b"{}").status == 200
    invocation = {"x-nuclio-function-name": "echo"}
    assert platform.api("POST", "/api/function_invocations", {}, invocation).status == 200
    assert request(echo.port, "POST", "/", b"x" * (echo.max_body + 1)).status == 413
    (row,) = platform.api("GET", "/console/api/functions").json
    assert row["requests"] == before["requests"] + 3
    assert row["errors"] == before["errors"] + 1
    assert 0 < row["p50_ms"] <= row["p95_ms"]
    assert row["memory_bytes"] > 1_000_000
    constant = {
        "name": "echo",
        "display_name": "Echo",
        "description": "the function echo",
        "type": "detector",
        "state": "ready",
        "port": echo.port,
        "variant": "cpu",
        "labels": [],
        "workers": 1,
        "ready": 1,
        "busy": 0,
        "restarts": 0,
        "digest": echo.digest,
    }
    assert row.items() >= constant.items()


def test_a_log_is_read_from_where_the_last_answer_ended(
    platform: PlatformProcess, echo: FakeRelease
) -> None:
    request(echo.port, "POST", "/print?text=first")
    request(echo.port, "POST", "/print?text=second")
    path = "/console/api/functions/echo/logs"
    page = platform.api("GET", f"{path}?tail=1").json
    assert page["text"] == "second\n"
    request(echo.port, "POST", "/print?text=third")
    following = platform.api("GET", f"{path}?offset={page['offset']}").json
    assert following["text"] == "third\n"
    assert platform.api("GET", f"{path}?offset={following['offset']}").json["text"] == ""
    # As after a rotation: there are fewer bytes now than the offset says.
    assert platform.api("GET", f"{path}?offset=999999999").json["text"].endswith("third\n")


@pytest.mark.parametrize("query", ["tail=-1", "tail=x", "offset=", "offset=1e3", "tail=²"])
@pytest.mark.usefixtures("echo")
def test_a_wrong_number_is_refused(platform: PlatformProcess, query: str) -> None:
    answer = platform.api("GET", f"/console/api/functions/echo/logs?{quote(query, safe='=')}")
    assert answer.status == 400


def test_what_does_not_exist_is_404(platform: PlatformProcess) -> None:
    assert platform.api("GET", "/console/api/functions/none").status == 404
    assert platform.api("GET", "/console/api/functions/none/logs").status == 404
