"""Nuclio's dashboard API, row by row of the table in our notes on Nuclio 1.13, section 4.1."""

import http.client
from typing import Any

import pytest

from modelyard_tools.embedded.testing.process import PlatformProcess, request
from modelyard_tools.http.exchange import Reply
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import FakeRelease, install

WAIT = {"x-nuclio-wait-function-action": "true"}
FORCE = {"x-nuclio-delete-function-ignore-state-validation": "true"}
ENDLESS = "import time\ntime.sleep(600)\n"
HTML = """
def handler(context, event):
    kind = event.fields.get("type", "text/html")
    return context.Response(body="<script>alert(1)</script>", content_type=kind, status_code=201)
"""


def _error(answer: Reply) -> str:
    """Return the error of a response in Nuclio's format: root cause and trace."""
    content = answer.json
    assert set(content) == {"error", "errorStackTrace"}
    assert answer.headers["content-type"] == "application/json"
    return str(content["error"])


def _named(name: str, **settings: Any) -> FakeRelease:
    return FakeRelease(name=name, port=free_port(), **settings)


# --- GET /api/functions ---------------------------------------------------------------------------


def test_functions_are_an_object_keyed_by_name(
    platform: PlatformProcess, echo: FakeRelease
) -> None:
    listed = platform.api("GET", "/api/functions")
    assert (listed.status, listed.headers["content-type"]) == (200, "application/json")
    assert set(listed.json["echo"]) == {"metadata", "spec", "status"}
    status = listed.json["echo"]["status"]
    assert status["state"] == "ready"
    assert status["httpPort"] == echo.port
    assert status["internalInvocationUrls"] == [f"127.0.0.1:{echo.port}"]
    assert status["externalInvocationUrls"] == [f"127.0.0.1:{echo.port}"]
    assert status["containerImage"] == echo.config()["spec"]["image"]
    assert status["logs"] == status["apiGateways"] == []
    assert status["scaleToZero"] == {}
    assert status["message"] == ""


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, True),
        ({"x-nuclio-project-name": "cvat"}, True),
        ({"x-nuclio-project-name": "default"}, False),
        ({"x-nuclio-function-namespace": "nuclio"}, True),
        ({"x-nuclio-function-namespace": "elsewhere"}, False),
    ],
)
@pytest.mark.usefixtures("echo")
def test_functions_are_filtered_and_none_is_an_empty_object(
    platform: PlatformProcess, headers: dict[str, str], found: bool
) -> None:
    listed = platform.api("GET", "/api/functions", headers=headers)
    assert listed.status == 200
    assert ("echo" in listed.json) is found
    assert found or listed.body == b"{}"


@pytest.mark.usefixtures("echo")
def test_an_export_leaves_the_status_out(platform: PlatformProcess) -> None:
    exported = platform.api("GET", "/api/functions?export=true").json
    assert set(exported["echo"]) == {"metadata", "spec"}


# --- GET /api/functions/N -------------------------------------------------------------------------


@pytest.mark.usefixtures("echo")
def test_one_function_is_200_or_404(platform: PlatformProcess) -> None:
    assert platform.api("GET", "/api/functions/echo").status == 200
    missing = platform.api("GET", "/api/functions/missing")
    assert missing.status == 404
    assert _error(missing)


# --- POST /api/functions --------------------------------------------------------------------------


def test_creating_is_202_without_a_body_and_goes_through_building(
    platform: PlatformProcess,
) -> None:
    release = _named("created", source=ENDLESS)
    install(platform.home, release)
    created = platform.api("POST", "/api/functions", release.config())
    assert (created.status, created.body) == (202, b"")
    assert platform.function("created")["status"]["state"] == "building"
    again = platform.api("POST", "/api/functions", release.config())
    assert again.status == 409
    assert _error(again) == "Cannot create two functions with the same name"
    updated = platform.api("PUT", "/api/functions/created", release.config())
    assert updated.status == 412
    assert "existing function is being provisioned" in _error(updated)
    body = {"metadata": {"name": "created", "namespace": "nuclio"}}
    assert platform.api("DELETE", "/api/functions", body).status == 412
    assert platform.api("DELETE", "/api/functions", body, FORCE).status == 204
    assert platform.api("GET", "/api/functions/created").status == 404


def test_a_failed_creation_that_was_waited_for_is_still_202(platform: PlatformProcess) -> None:
    config = _named("failing").config()
    created = platform.api("POST", "/api/functions", config, WAIT)
    assert (created.status, created.body) == (202, b"")
    status = platform.function("failing")["status"]
    assert status["state"] == "error"
    assert status["message"]


@pytest.mark.parametrize("name", ["Upper", "under_score", "dashboard", "-a", "a" * 64])
def test_a_name_that_is_none_is_400(platform: PlatformProcess, name: str) -> None:
    config = _named("x").config()
    config["metadata"]["name"] = name
    assert platform.api("POST", "/api/functions", config).status == 400


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"text"', b'{"metadata": 1}'])
def test_what_is_no_function_is_400(platform: PlatformProcess, body: bytes) -> None:
    answer = request(platform.port, "POST", "/api/functions", body)
    assert answer.status == 400
    assert _error(answer)


def test_annotations_must_be_text(platform: PlatformProcess) -> None:
    config = _named("numbers").config()
    config["metadata"]["annotations"]["version"] = 2
    assert platform.api("POST", "/api/functions", config).status == 400


def test_a_project_that_is_named_must_exist_and_default_need_not_be_named(
    platform: PlatformProcess,
) -> None:
    config = _named("homeless").config()
    config["metadata"]["labels"] = {"nuclio.io/project-name": "nowhere"}
    answer = platform.api("POST", "/api/functions", config)
    assert (answer.status, _error(answer)) == (412, "Project does not exist")
    del config["metadata"]["labels"]
    assert platform.api("POST", "/api/functions", config, WAIT).status == 202
    default = platform.api("GET", "/api/functions", headers={"x-nuclio-project-name": "default"})
    assert "homeless" in default.json


def test_unknown_keys_vanish_without_a_word(platform: PlatformProcess) -> None:
    config = _named("surplus").config()
    config["spec"]["noSuchKey"] = {"a": 1}
    config["spec"]["build"] = {"noBaseImagesPull": True}
    config["status"] = {"state": "ready"}
    assert platform.api("POST", "/api/functions", config, WAIT).status == 202


# --- PUT and PATCH /api/functions/N ---------------------------------------------------------------


def test_put_creates_or_replaces_what_its_body_names(platform: PlatformProcess) -> None:
    release = _named("put")
    install(platform.home, release)
    for _ in range(2):
        answer = platform.api("PUT", "/api/functions/ignored", release.config(), WAIT)
        assert (answer.status, answer.body) == (202, b"")
        assert platform.function("put")["status"]["state"] == "ready"
    assert platform.api("GET", "/api/functions/ignored").status == 404


@pytest.mark.usefixtures("echo")
def test_patch_redeploys(platform: PlatformProcess) -> None:
    patch = {"desiredState": "ready"}
    assert platform.api("PATCH", "/api/functions/echo", patch, WAIT).status == 202
    assert platform.function("echo")["status"]["state"] == "ready"
    assert platform.api("PATCH", "/api/functions/none", patch).status == 404


# --- DELETE /api/functions ------------------------------------------------------------------------


def test_delete_is_204_whether_it_was_there_or_not(platform: PlatformProcess) -> None:
    release = _named("deleted")
    platform.deploy(release)
    for _ in range(2):
        body = {"metadata": {"name": "deleted", "namespace": "nuclio"}}
        answer = platform.api("DELETE", "/api/functions", body)
        assert (answer.status, answer.body) == (204, b"")
    assert platform.api("DELETE", "/api/functions/deleted").status == 405


# --- replicas and logs ----------------------------------------------------------------------------


def test_logs_are_plain_text_of_a_replica(platform: PlatformProcess, echo: FakeRelease) -> None:
    for line in ("one", "two", "three"):
        request(echo.port, "POST", f"/print?text={line}")
    (replica,) = platform.api("GET", "/api/functions/echo/replicas").json["names"]
    path = f"/api/functions/echo/logs/{replica}"
    answer = platform.api("GET", f"{path}?follow=false&tailLines=2&since=1h")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.body == b"two\nthree\n"
    connection = http.client.HTTPConnection("127.0.0.1", platform.port, timeout=60)
    connection.request("GET", f"{path}?follow=true&tailLines=1")
    stream = connection.getresponse()
    assert stream.readline() == b"three\n"
    request(echo.port, "POST", "/print?text=four")
    assert stream.readline() == b"four\n"
    connection.close()


# --- /api/projects --------------------------------------------------------------------------------


def test_projects_are_created_overwritten_and_deleted(platform: PlatformProcess) -> None:
    project = {"metadata": {"name": "mine"}, "spec": {"description": "first"}}
    assert platform.api("POST", "/api/projects", project).status == 201
    project["spec"] = {"description": "second"}
    assert platform.api("POST", "/api/projects", project).status == 201
    assert platform.api("GET", "/api/projects").json["mine"]["spec"] == {"description": "second"}
    assert platform.api("GET", "/api/projects/mine").json["metadata"]["name"] == "mine"
    assert platform.api("PUT", "/api/projects/mine", project).status == 204
    for _ in range(2):
        assert platform.api("DELETE", "/api/projects", project).status == 204
    assert platform.api("GET", "/api/projects/mine").status == 404


def test_a_project_with_functions_is_412_unless_cascading(platform: PlatformProcess) -> None:
    project = {"metadata": {"name": "full"}}
    platform.api("POST", "/api/projects", project)
    config = _named("inside").config()
    config["metadata"]["labels"] = {"nuclio.io/project-name": "full"}
    platform.api("POST", "/api/functions", config, WAIT)
    refused = platform.api("DELETE", "/api/projects", project)
    assert (refused.status, _error(refused)) == (412, "Project contains functions")
    cascading = {"x-nuclio-delete-project-strategy": "cascading"}
    assert platform.api("DELETE", "/api/projects", project, cascading).status == 204
    assert platform.api("GET", "/api/functions/inside").status == 404


# --- /api/function_invocations --------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.usefixtures("echo")
def test_any_method_is_passed_on(platform: PlatformProcess, method: str) -> None:
    headers = {"x-nuclio-function-name": "echo", "x-nuclio-path": "some/path?a=1"}
    answer = platform.api(method, "/api/function_invocations", {"k": 1}, headers)
    assert answer.status == 200
    assert (answer.json["method"], answer.json["path"]) == (method, "/some/path")
    assert answer.json["headers"].items() >= headers.items()


@pytest.mark.usefixtures("echo")
def test_the_answer_s_nuclio_headers_are_dropped(platform: PlatformProcess) -> None:
    headers = {"x-nuclio-function-name": "echo", "x-nuclio-log-level": "debug"}
    answer = platform.api("POST", "/api/function_invocations", {}, headers)
    assert answer.headers["x-kept"] == "k"
    assert not [name for name in answer.headers if name.startswith("x-nuclio-")]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"x-nuclio-function-name": "missing"}, 404),
        ({"x-nuclio-function-name": "echo", "x-nuclio-function-namespace": "other"}, 404),
        ({"x-nuclio-function-name": "echo", "x-nuclio-invoke-url": "http://10.0.0.1:80"}, 400),
        ({"x-nuclio-function-name": "echo", "x-nuclio-invoke-timeout": "soon"}, 400),
    ],
)
@pytest.mark.usefixtures("echo")
def test_a_wrong_invocation_is_refused(
    platform: PlatformProcess, headers: dict[str, str], status: int
) -> None:
    answer = platform.api("POST", "/api/function_invocations", {}, headers)
    assert answer.status == status
    assert _error(answer)


@pytest.mark.usefixtures("echo")
def test_an_invocation_that_takes_too_long_is_500(platform: PlatformProcess) -> None:
    headers = {
        "x-nuclio-function-name": "echo",
        "x-nuclio-path": "/slow?seconds=5",
        "x-nuclio-invoke-timeout": "100ms",
    }
    answer = platform.api("POST", "/api/function_invocations", {}, headers)
    assert answer.status == 500
    assert _error(answer).startswith("Failed to invoke function: ")


def test_a_function_that_does_not_run_cannot_be_invoked(platform: PlatformProcess) -> None:
    platform.api("PUT", "/api/functions/broken", _named("broken").config(), WAIT)
    headers = {"x-nuclio-function-name": "broken"}
    answer = platform.api("POST", "/api/function_invocations", {}, headers)
    assert answer.status == 500
    assert _error(answer).startswith("Failed to invoke function: ")


@pytest.mark.parametrize("kind", ["text/html", "application/javascript", "image/svg+xml"])
def test_pages_that_a_function_makes_are_made_harmless(
    platform: PlatformProcess, kind: str
) -> None:
    release = FakeRelease(name="html", port=free_port(), source=HTML)
    if platform.api("GET", "/api/functions/html").status == 404:
        # The sample request gets a 201, which is not a detector's answer.
        source = HTML.replace("201", '201 if event.path == "/page" else 200')
        release = FakeRelease(name="html", port=release.port, source=source)
        platform.deploy(release)
    headers = {"x-nuclio-function-name": "html", "x-nuclio-path": f"/page?type={kind}"}
    answer = platform.api("POST", "/api/function_invocations", {}, headers)
    assert answer.status == 201
    assert b"<script>" not in answer.body
    assert b"alert(1)" in answer.body


# --- the rest -------------------------------------------------------------------------------------


def test_versions(platform: PlatformProcess) -> None:
    dashboard = platform.api("GET", "/api/versions").json["dashboard"]
    assert set(dashboard) == {"label", "gitCommit", "os", "arch"}
    assert dashboard["label"] == "1.13.0"


def test_what_1_13_does_not_have_is_404(platform: PlatformProcess) -> None:
    assert platform.api("GET", "/api/healthz").status == 404


@pytest.mark.parametrize(
    "path", ["/api/function_events", "/api/function_templates", "/api/api_gateways"]
)
def test_what_we_have_none_of_is_an_empty_object(platform: PlatformProcess, path: str) -> None:
    answer = platform.api("GET", path)
    assert (answer.status, answer.body) == (200, b"{}")


def test_namespaces_and_addresses(platform: PlatformProcess) -> None:
    assert platform.api("GET", "/api/namespaces").json == {"namespaces": {"names": ["nuclio"]}}
    addresses = platform.api("GET", "/api/external_ip_addresses").json
    assert addresses == {"externalIPAddresses": {"addresses": ["127.0.0.1"]}}
