"""The dashboard API, row by row of what Nuclio's clients rely on."""

from collections.abc import Iterator
from typing import Any

import pytest

from modelyard_contract.version import VERSION
from modelyard_tools.embedded.testing.process import PlatformProcess, request
from modelyard_tools.home.folders import Home
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import FakeRelease, install

WAIT = {"x-nuclio-wait-function-action": "true"}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformProcess]:
    with PlatformProcess(Home(tmp_path_factory.mktemp("home"))) as platform:
        yield platform


@pytest.fixture(scope="module")
def echo(platform: PlatformProcess) -> FakeRelease:
    release = FakeRelease(name="echo", port=free_port())
    platform.deploy(release)
    return release


def test_versions_name_the_dashboard_and_this_platform(platform: PlatformProcess) -> None:
    answer = platform.api("GET", "/api/versions").json
    assert set(answer["dashboard"]) == {"label", "gitCommit", "os", "arch"}
    assert answer["embedded"] == {
        "home": str(platform.home.root),
        "pid": platform.process.pid,
        "digest": "test",
        "version": VERSION,
    }


def test_the_list_is_an_object_keyed_by_name(platform: PlatformProcess, echo: FakeRelease) -> None:
    # As CVAT requests it.
    headers = {
        "x-nuclio-project-name": "cvat",
        "x-nuclio-function-namespace": "nuclio",
        "x-nuclio-invoke-via": "domain-name",
        "X-Nuclio-Invoke-Timeout": "120s",
    }
    listed = platform.api("GET", "/api/functions", headers=headers).json
    function = listed[echo.name]
    assert set(function) == {"metadata", "spec", "status"}
    assert function["metadata"]["annotations"]["type"] == "detector"
    assert function["spec"]["description"] == "the function echo"
    assert function["status"]["httpPort"] == echo.port
    assert platform.api("GET", "/api/functions/echo", headers=headers).json == function


@pytest.mark.parametrize(
    "headers",
    [
        {"x-nuclio-project-name": "other"},
        {"x-nuclio-function-namespace": "other"},
        {"x-nuclio-function-name": "other"},
    ],
)
@pytest.mark.usefixtures("echo")
def test_the_list_is_filtered(platform: PlatformProcess, headers: dict[str, str]) -> None:
    assert platform.api("GET", "/api/functions", headers=headers).json == {}


@pytest.mark.usefixtures("echo")
def test_an_export_has_no_status(platform: PlatformProcess) -> None:
    assert set(platform.api("GET", "/api/functions/echo?export=true").json) == {"metadata", "spec"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/functions/none", 404),
        ("PATCH", "/api/functions/none", 404),
        ("GET", "/api/functions/none/replicas", 404),
        ("GET", "/api/functions/none/logs/x", 404),
        ("GET", "/api/projects/none", 404),
        ("GET", "/api/healthz", 404),
        ("GET", "/nothing", 404),
        ("DELETE", "/api/functions/echo", 405),
        ("POST", "/api/versions", 405),
    ],
)
@pytest.mark.usefixtures("echo")
def test_what_does_not_exist_is_reported_in_json(
    platform: PlatformProcess, method: str, path: str, status: int
) -> None:
    answer = platform.api(method, path)
    assert answer.status == status
    assert "\n" not in answer.json["error"]


def test_creating_what_exists_is_a_conflict(platform: PlatformProcess, echo: FakeRelease) -> None:
    answer = platform.api("POST", "/api/functions", echo.config())
    assert answer.status == 409
    assert answer.json["error"] == "Cannot create two functions with the same name"


def _changed(**changes: Any) -> dict[str, Any]:
    config = FakeRelease(name="changed", port=free_port()).config()
    for path, value in changes.items():
        *folders, last = path.split("__")
        place = config
        for folder in folders:
            place = place[folder]
        place[last] = value
    return config


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (_changed(metadata__name=""), "name must be provided"),
        (_changed(metadata__name="Bad_Name"), "$.name"),
        (_changed(metadata__name="../../etc"), "$.name"),
        (_changed(metadata__name="dashboard"), "reserved"),
        (_changed(metadata__annotations={"version": 2}), "annotations"),
        (_changed(spec__eventTimeout="soon"), "spec.eventTimeout"),
        (_changed(spec__triggers={"a": {"kind": "http"}, "b": {"kind": "http"}}), "one http"),
        (_changed(spec__triggers={"a": {"kind": "http", "numWorkers": 65}}), "numWorkers"),
        (_changed(spec__triggers={"a": {"kind": "http", "attributes": {"port": 0}}}), "port"),
        (_changed(metadata="none"), "JSON body"),
    ],
)
def test_a_wrong_configuration_is_refused_in_one_line(
    platform: PlatformProcess, config: dict[str, Any], reason: str
) -> None:
    answer = platform.api("POST", "/api/functions", config)
    assert answer.status == 400
    assert reason in answer.json["error"]
    assert "\n" not in answer.json["error"]
    assert "changed" not in platform.api("GET", "/api/functions").json


def test_a_body_that_is_not_json_is_refused(platform: PlatformProcess) -> None:
    assert request(platform.port, "POST", "/api/functions", b"{").status == 400


def test_a_body_without_end_is_refused(platform: PlatformProcess) -> None:
    answer = request(platform.port, "POST", "/api/functions", b" " * (5 * 1024 * 1024))
    assert answer.status == 413


def test_a_project_must_exist(platform: PlatformProcess) -> None:
    config = _changed(metadata__labels={"nuclio.io/project-name": "nowhere"})
    answer = platform.api("POST", "/api/functions", config)
    assert (answer.status, answer.json["error"]) == (412, "Project does not exist")


def test_a_function_that_is_being_deployed_is_left_alone(platform: PlatformProcess) -> None:
    endless = FakeRelease(name="endless", port=free_port(), source="import time\ntime.sleep(600)")
    install(platform.home, endless)
    platform.api("POST", "/api/projects", {"metadata": {"name": "cvat"}})
    assert platform.api("POST", "/api/functions", endless.config()).status == 202
    assert platform.api("PUT", "/api/functions/endless", endless.config()).status == 412
    body = {"metadata": {"name": "endless"}}
    assert platform.api("DELETE", "/api/functions", body).status == 412
    force = {"x-nuclio-delete-function-ignore-state-validation": "true"}
    assert platform.api("DELETE", "/api/functions", body, force).status == 204
    assert platform.api("GET", "/api/functions/endless").status == 404


def test_deleting_what_is_absent_succeeds(platform: PlatformProcess) -> None:
    assert platform.api("DELETE", "/api/functions", {"metadata": {"name": "none"}}).status == 204
    assert platform.api("DELETE", "/api/functions", {}).status == 400


def test_patching_restarts_the_same_version(platform: PlatformProcess, echo: FakeRelease) -> None:
    before = platform.function(echo.name)["status"]["workers"]["pids"]
    answer = platform.api("PATCH", "/api/functions/echo", {"desiredState": "ready"}, WAIT)
    assert answer.status == 202
    after = platform.function(echo.name)["status"]
    assert after["state"] == "ready"
    assert set(after["workers"]["pids"]).isdisjoint(before)
    assert platform.api("PATCH", "/api/functions/echo", {"desiredState": "x"}).status == 400


@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "DELETE", "PATCH"])
def test_an_invocation_reaches_the_function_with_all_headers(
    platform: PlatformProcess, echo: FakeRelease, method: str
) -> None:
    headers = {
        "x-nuclio-function-name": "echo",
        "x-nuclio-function-namespace": "nuclio",
        "x-nuclio-project-name": "cvat",
        "x-nuclio-path": "/a/b?c=d",
        "x-nuclio-invoke-via": "domain-name",
        "x-nuclio-invoke-url": f"http://127.0.0.1:{echo.port}",
        "x-nuclio-invoke-timeout": "120s",
        "x-nuclio-log-level": "debug",
        "x-nuclio-skip-tls-verification": "true",
        "x-mine": "m",
    }
    answer = platform.api(method, "/api/function_invocations", {"k": 1}, headers)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-kept"] == "k"
    assert "x-nuclio-secret" not in answer.headers
    seen = answer.json
    assert (seen["method"], seen["path"]) == (method, "/a/b")
    assert seen["headers"].items() >= headers.items()


@pytest.mark.parametrize(
    ("headers", "status", "reason"),
    [
        ({}, 400, "Function name must be provided"),
        ({"x-nuclio-function-name": "none"}, 404, "none"),
        (
            {"x-nuclio-function-name": "echo", "x-nuclio-function-namespace": "other"},
            404,
            "not found",
        ),
        ({"x-nuclio-function-name": "echo", "x-nuclio-invoke-timeout": "x"}, 400, "timeout"),
        ({"x-nuclio-function-name": "echo", "x-nuclio-invoke-url": "http://a"}, 400, "not a URL"),
        (
            {
                "x-nuclio-function-name": "echo",
                "x-nuclio-invoke-timeout": "200ms",
                "x-nuclio-path": "/slow?seconds=2",
            },
            500,
            "Failed to invoke function: no answer within 0.2 s",
        ),
    ],
)
@pytest.mark.usefixtures("echo")
def test_a_wrong_invocation_is_refused(
    platform: PlatformProcess, headers: dict[str, str], status: int, reason: str
) -> None:
    answer = platform.api("POST", "/api/function_invocations", {}, headers)
    assert answer.status == status
    assert reason in answer.json["error"]


def test_both_doors_bound_the_body(platform: PlatformProcess, echo: FakeRelease) -> None:
    body = b"x" * (echo.max_body + 1)
    invocation = {"x-nuclio-function-name": "echo"}
    assert request(echo.port, "POST", "/", body).status == 413
    answer = request(platform.port, "POST", "/api/function_invocations", body, invocation)
    assert answer.status == 413
    whole = request(echo.port, "POST", "/", body[:-1])
    assert (whole.status, whole.json["size"]) == (200, echo.max_body)


def test_logs_come_from_the_only_replica(platform: PlatformProcess, echo: FakeRelease) -> None:
    request(echo.port, "POST", "/print?text=first")
    request(echo.port, "POST", "/print?text=last")
    names = platform.api("GET", "/api/functions/echo/replicas").json["names"]
    assert names == ["nuclio-nuclio-echo"]
    path = f"/api/functions/echo/logs/{names[0]}"
    answer = platform.api("GET", f"{path}?follow=false&tailLines=1")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.body == b"last\n"
    assert b"first\nlast\n" in platform.api("GET", f"{path}?follow=false").body
    assert platform.api("GET", f"{path}?follow=false&tailLines=x").status == 400
    assert platform.api("GET", "/api/functions/echo/logs/other").status == 400


def test_projects(platform: PlatformProcess) -> None:
    project = {"metadata": {"name": "mine"}, "spec": {"description": "d"}}
    assert platform.api("POST", "/api/projects", project).status == 201
    assert platform.api("POST", "/api/projects", project).status == 201
    assert platform.api("PUT", "/api/projects/mine", project).status == 204
    listed = platform.api("GET", "/api/projects").json
    assert {"default", "mine"} <= set(listed)
    assert listed["mine"]["metadata"] == {
        "name": "mine",
        "namespace": "nuclio",
        "labels": {},
        "annotations": {},
    }
    one = platform.api("GET", "/api/projects", headers={"x-nuclio-project-name": "mine"}).json
    assert list(one) == ["mine"]
    assert platform.api("DELETE", "/api/projects", project).status == 204
    assert platform.api("GET", "/api/projects/mine").status == 404
    default = {"metadata": {"name": "default"}}
    assert platform.api("DELETE", "/api/projects", default).status == 412


def test_a_project_with_functions_is_deleted_only_with_them(platform: PlatformProcess) -> None:
    project = {"metadata": {"name": "full"}}
    platform.api("POST", "/api/projects", project)
    config = _changed(metadata__labels={"nuclio.io/project-name": "full"})
    platform.api("POST", "/api/functions", config, WAIT)
    answer = platform.api("DELETE", "/api/projects", project)
    assert (answer.status, answer.json["error"]) == (412, "Project contains functions")
    cascading = {"x-nuclio-delete-project-strategy": "cascading"}
    assert platform.api("DELETE", "/api/projects", project, cascading).status == 204
    assert platform.api("GET", "/api/functions/changed").status == 404


def test_namespaces(platform: PlatformProcess) -> None:
    names = platform.api("GET", "/api/namespaces").json["namespaces"]["names"]
    assert names == ["nuclio"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_pages_of_other_sites_are_kept_out(platform: PlatformProcess, origin: str) -> None:
    assert platform.api("GET", "/api/versions", headers={"origin": origin}).status == 403


def test_the_platform_s_own_pages_are_let_in(platform: PlatformProcess) -> None:
    origin = f"http://127.0.0.1:{platform.port}"
    assert platform.api("GET", "/api/versions", headers={"origin": origin}).status == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8070", 200),
        ("[::1]:8070", 200),
        ("localhost:8070", 200),
        # As CVAT's containers call this machine.
        ("nuclio:8070", 200),
        ("host.docker.internal:8070", 200),
        ("evil.example:8070", 403),
        ("127.0.0.1.evil.example", 403),
        ("[::1", 403),
    ],
)
def test_a_page_with_a_rebound_name_is_kept_out(
    platform: PlatformProcess, host: str, status: int
) -> None:
    browser = {"host": host, "accept-language": "en"}
    assert platform.api("GET", "/api/versions", headers=browser).status == status
    # A server that calls this machine by such a name has no pages.
    assert platform.api("GET", "/api/versions", headers={"host": host}).status == 200
