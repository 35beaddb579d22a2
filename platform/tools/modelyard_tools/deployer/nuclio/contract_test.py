"""Nuclio's behaviour that the deployer relies on, surprising as some of it is.

The doubles must show it too. With MODELYARD_NUCLIO=http://host:port the tests run against a real
dashboard, with the path of its nuctl. They leave the project `cvat` and no `modelyard-probe`.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from modelyard_tools.deployer.nuclio.testing.world import NuclioRelease, World
from modelyard_tools.embedded.testing.process import request, until
from modelyard_tools.http.exchange import Reply
from modelyard_tools.testing.ports import free_port

REAL = os.environ.get("MODELYARD_NUCLIO", "")
NAME = "modelyard-probe"
DASHBOARDS = ["double", *([REAL] if REAL.startswith("http") else [])]
NUCTLS = ["double", *([REAL] if REAL and not REAL.startswith("http") else [])]


class Dashboard:
    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        self._host, self._port = parts.hostname, parts.port

    def ask(self, method: str, path: str, content: Any = None, **headers: str) -> Reply:
        body = None if content is None else json.dumps(content).encode()
        sent = {"content-type": "application/json", "x-nuclio-function-namespace": "nuclio"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return request(self._port, method, path, body, sent, host=self._host)

    def delete(self, **headers: str) -> int:
        content = {"metadata": {"name": NAME, "namespace": "nuclio"}}
        return self.ask("DELETE", "/api/functions", content, **headers).status


def config(**spec: Any) -> dict[str, Any]:
    """Return a function whose image does not exist: Nuclio accepts it, and Docker refuses."""
    rendered = NuclioRelease(name=NAME, port=free_port()).config()
    rendered["spec"] |= {"image": "modelyard.invalid/nowhere:1", **spec}
    return rendered


@pytest.fixture(params=DASHBOARDS)
def dashboard(request: Any, world: World) -> Iterator[Dashboard]:
    dashboard = Dashboard(world.dashboard.url if request.param == "double" else request.param)
    dashboard.ask("POST", "/api/projects", {"metadata": {"name": "cvat", "namespace": "nuclio"}})
    yield dashboard
    dashboard.delete(x_nuclio_delete_function_ignore_state_validation="true")


def test_the_version_is_that_of_a_dashboard(dashboard: Dashboard) -> None:
    assert "label" in dashboard.ask("GET", "/api/versions").json["dashboard"]


def test_a_failed_deployment_is_accepted_anyway(dashboard: Dashboard) -> None:
    waited = dashboard.ask(
        "PUT", f"/api/functions/{NAME}", config(), x_nuclio_wait_function_action="true"
    )
    assert waited.status == 202
    found = dashboard.ask("GET", f"/api/functions/{NAME}").json
    assert found["status"]["state"] == "error"
    assert found["status"]["message"]


def test_functions_are_an_object_by_name(dashboard: Dashboard) -> None:
    dashboard.ask("PUT", "/api/functions/whatever", config(), x_nuclio_wait_function_action="true")
    functions = dashboard.ask("GET", "/api/functions").json
    # The body decides; the path is ignored.
    assert functions[NAME]["metadata"]["name"] == NAME
    assert "whatever" not in functions


def test_annotations_come_back_as_they_were(dashboard: Dashboard) -> None:
    sent = config()
    sent["metadata"]["annotations"]["modelyard.io/attempt"] = "a1"
    dashboard.ask("PUT", f"/api/functions/{NAME}", sent, x_nuclio_wait_function_action="true")
    found = dashboard.ask("GET", f"/api/functions/{NAME}").json
    assert found["metadata"]["annotations"]["modelyard.io/attempt"] == "a1"


def test_what_does_not_exist(dashboard: Dashboard) -> None:
    assert dashboard.ask("GET", f"/api/functions/{NAME}").status == 404
    assert dashboard.delete() == 204


def test_a_missing_project_and_a_taken_name(dashboard: Dashboard) -> None:
    sent = config()
    sent["metadata"]["labels"]["nuclio.io/project-name"] = "modelyard-nowhere"
    refused = dashboard.ask("POST", "/api/functions", sent)
    assert refused.status == 412
    assert "Project does not exist" in refused.json["error"]
    dashboard.ask("PUT", f"/api/functions/{NAME}", config(), x_nuclio_wait_function_action="true")
    assert dashboard.ask("POST", "/api/functions", config()).status == 409


def test_an_image_needs_a_runtime(dashboard: Dashboard) -> None:
    refused = dashboard.ask("PUT", f"/api/functions/{NAME}", config(runtime=""))
    assert refused.status >= 400


def test_what_is_being_deployed_can_be_neither_deployed_nor_deleted(world: World) -> None:
    """Only for the double: it can be made slow."""
    dashboard = Dashboard(world.dashboard.url)
    world.nuclio.create_project("cvat")
    world.nuclio.faults.plant("nuclio accepted", "hang", text="1")
    assert dashboard.ask("PUT", f"/api/functions/{NAME}", config()).status == 202
    assert world.state(NAME) == "building"
    assert dashboard.ask("PUT", f"/api/functions/{NAME}", config()).status == 412
    assert dashboard.delete() == 412
    until(lambda: world.state(NAME) == "error")
    assert dashboard.delete() == 204


def test_deploying_again_by_a_patch_stores_no_state(world: World) -> None:
    dashboard = Dashboard(world.dashboard.url)
    world.nuclio.create_project("cvat")
    release = NuclioRelease(name=NAME, port=free_port())
    world.load_image(release)
    dashboard.ask("PUT", f"/api/functions/{NAME}", config(), x_nuclio_wait_function_action="true")
    found = world.nuclio.function(NAME)
    world.nuclio.store({**found, "spec": release.config()["spec"]})
    patched = dashboard.ask("PATCH", f"/api/functions/{NAME}", {"desiredState": "ready"})
    assert patched.status == 202
    # It runs, but nothing reports that.
    assert world.containers()[f"nuclio-nuclio-{NAME}"]["Ports"] == {"8080": release.port}
    assert world.state(NAME) == "error"


@pytest.fixture(params=NUCTLS)
def nuctl(request: Any, world: World) -> Iterator[str]:
    command = str(world.programs / "nuctl") if request.param == "double" else request.param
    run(command, "create", "project", "cvat")
    yield command
    run(command, "delete", "functions", NAME, "--force")


def run(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    where = () if arguments[0] == "version" else ("--platform", "local", "--namespace", "nuclio")
    return subprocess.run(
        [command, *arguments, *where], capture_output=True, text=True, check=False
    )


def test_nuctl_succeeds_if_there_is_nothing(nuctl: str) -> None:
    assert run(nuctl, "delete", "functions", NAME).returncode == 0
    assert run(nuctl, "get", "functions", NAME, "--output", "json").returncode == 1
    assert run(nuctl, "create", "project", "cvat").returncode == 0
    assert "Client version" in run(nuctl, "version").stdout


def test_nuctl_lists_nothing_as_a_sentence(world: World) -> None:
    nothing = run(str(world.programs / "nuctl"), "get", "functions", "--output", "json")
    assert nothing.returncode == 0
    assert nothing.stdout == "No functions found\n"


def test_nuctl_prints_errors_on_standard_error(nuctl: str, tmp_path: Path) -> None:
    file = tmp_path / "function.yaml"
    file.write_text(json.dumps(config()))
    deployed = run(nuctl, "deploy", "--file", str(file), "--project-name", "cvat")
    assert deployed.returncode == 1
    assert "Error - " in deployed.stderr
    found = run(nuctl, "get", "functions", NAME, "--output", "json")
    assert json.loads(found.stdout[found.stdout.index("{") :])["status"]["state"] == "error"


def test_nuctl_without_a_platform_may_take_another(world: World) -> None:
    lost = subprocess.run(
        [world.programs / "nuctl", "get", "functions", "--output", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert lost.returncode == 1
