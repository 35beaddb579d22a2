"""The requests of CVAT 1.4, 2.15 and newer: our notes on CVAT, sections 1 and 2.2."""

import json
from typing import Any

import pytest

from modelyard.serving.protocol.sample import sample_request
from modelyard_tools.embedded.testing.process import PlatformProcess, request
from modelyard_tools.http.exchange import Reply
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import HANDLER, FakeRelease

# Headers that each server sends with every call to the dashboard.
CVAT_1_4 = {"x-nuclio-project-name": "cvat", "x-nuclio-function-namespace": "nuclio"}
CVAT_2_15 = {**CVAT_1_4, "x-nuclio-invoke-via": "domain-name", "X-Nuclio-Invoke-Timeout": "120s"}
SERVERS = [pytest.param(CVAT_1_4, id="1.4"), pytest.param(CVAT_2_15, id="2.15 and newer")]
BODY = sample_request("detector")
STATUS = HANDLER.format(version="1").replace(
    "status_code=200", 'status_code=int(event.fields.get("status", 200))'
)


def _invoke(platform: PlatformProcess, name: str, headers: dict[str, str], path: str) -> Reply:
    """Call a function as CVAT does in the invocation mode `dashboard`."""
    return request(
        platform.port,
        "POST",
        "/api/function_invocations",
        BODY,
        {
            **headers,
            "x-nuclio-function-name": name,
            "x-nuclio-path": path,
            "Content-Type": "application/json",
        },
    )


@pytest.mark.parametrize("headers", SERVERS)
def test_the_list_has_all_that_the_server_reads(
    platform: PlatformProcess, echo: FakeRelease, headers: dict[str, str]
) -> None:
    listed = platform.api("GET", "/api/functions", headers=headers).json
    one = platform.api("GET", "/api/functions/echo", headers=headers).json
    assert listed["echo"] == one
    assert one["metadata"]["name"] == "echo"
    annotations = one["metadata"]["annotations"]
    assert annotations["type"] == "detector"
    assert json.loads(annotations["spec"]) == []
    # Without these two the server fails for all functions, not only for this one.
    assert isinstance(one["spec"]["description"], str)
    assert one["status"]["httpPort"] == echo.port


@pytest.mark.parametrize("headers", SERVERS)
def test_only_functions_of_the_project_cvat_are_listed(
    platform: PlatformProcess, headers: dict[str, str]
) -> None:
    config: dict[str, Any] = FakeRelease(name="stranger", port=free_port()).config()
    config["metadata"]["labels"] = {}
    wait = {"x-nuclio-wait-function-action": "true"}
    platform.api("PUT", "/api/functions/stranger", config, wait)
    assert "stranger" not in platform.api("GET", "/api/functions", headers=headers).json


@pytest.mark.parametrize("headers", SERVERS)
def test_a_function_that_is_gone_is_404(platform: PlatformProcess, headers: dict[str, str]) -> None:
    assert platform.api("GET", "/api/functions/gone", headers=headers).status == 404


@pytest.mark.parametrize("headers", SERVERS)
@pytest.mark.usefixtures("echo")
def test_an_invocation_through_the_dashboard(
    platform: PlatformProcess, headers: dict[str, str]
) -> None:
    answer = _invoke(platform, "echo", headers, "/")
    assert answer.status == 200
    assert (answer.json["method"], answer.json["path"]) == ("POST", "/")
    assert answer.json["headers"]["content-type"] == "application/json"


@pytest.mark.parametrize("host", ["localhost", "host.docker.internal"])
def test_a_direct_invocation(echo: FakeRelease, host: str) -> None:
    headers = {"Content-Type": "application/json", "Host": f"{host}:{echo.port}"}
    answer = request(echo.port, "POST", "/", BODY, headers)
    assert answer.status == 200
    # The server reads JSON whatever the type says.
    assert answer.json["path"] == "/"


@pytest.mark.parametrize("status", [200, 400, 413, 422, 500, 503])
def test_the_function_s_status_reaches_the_server(platform: PlatformProcess, status: int) -> None:
    if platform.api("GET", "/api/functions/status").status == 404:
        platform.deploy(FakeRelease(name="status", port=free_port(), source=STATUS))
    port = platform.function("status")["status"]["httpPort"]
    assert request(port, "POST", f"/?status={status}", BODY).status == status
    assert _invoke(platform, "status", CVAT_2_15, f"/?status={status}").status == status


def test_the_server_s_timeout_is_kept(platform: PlatformProcess, echo: FakeRelease) -> None:
    hasty = {**CVAT_2_15, "X-Nuclio-Invoke-Timeout": "1s"}
    assert _invoke(platform, echo.name, hasty, "/slow?seconds=5").status == 500
    assert _invoke(platform, echo.name, CVAT_2_15, "/").status == 200
