"""The probes on this machine, on local servers, and on a fake docker client."""

import http.server
import json
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from modelyard_tools.doctor.examine import examine
from modelyard_tools.doctor.gather import gather
from modelyard_tools.doctor.probes import engine, machine, platform, tools
from modelyard_tools.doctor.probes.dashboards import dashboard
from modelyard_tools.doctor.probes.shell import ask
from modelyard_tools.home.folders import Home
from modelyard_tools.testing.ports import free_port


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.prepare()
    return home


def test_this_machine_is_examined_as_it_is(home: Home) -> None:
    """Whatever is installed here: nothing fails, and nothing is changed."""
    before = sorted(home.root.rglob("*"))
    facts = gather(home, {"MODELYARD_PORT": str(free_port()), "HOME": str(home.root)})
    assert facts.machine.memory_total > facts.machine.memory_available > 0
    assert facts.home.free > 0
    assert facts.dashboards == ()
    assert facts.platform.held_by is None
    assert all(finding.mend for finding in examine(facts))
    assert sorted(home.root.rglob("*")) == before


def test_without_docker_and_nuctl_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert engine.engine() is None
    assert engine.reach([1]) == ()
    assert tools.tools({}).nuctl is None


def test_a_program_that_hangs_is_not_waited_for() -> None:
    output = ask([sys.executable, "-c", "import time; time.sleep(60)"], seconds=0.3)
    assert output is not None
    assert "did not answer within 0.3 s" in output.last_line


class Nuclio(http.server.BaseHTTPRequestHandler):
    functions: ClassVar[dict[str, Any]] = {}

    def do_GET(self) -> None:
        answers = {
            "/api/versions": {"dashboard": {"label": "1.13.0"}},
            # Nuclio lists the functions of the requested namespace.
            "/api/functions": self.functions
            if self.headers["x-nuclio-function-namespace"] == "nuclio"
            else {},
        }
        body = json.dumps(answers[self.path]).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def nuclio() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Nuclio) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_ready_but_dead_function_is_distinguished_from_a_living_one(
    nuclio: str, home: Home
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as living:
        Nuclio.functions = {
            name: {
                "metadata": {"name": name, "annotations": {"spec": "é" * 10}},
                "spec": {},
                "status": {"state": "ready", "httpPort": port},
            }
            for name, port in (("living", living.getsockname()[1]), ("dead", free_port()))
        }
        found = dashboard(nuclio)
        facts = gather(
            home, {"MODELYARD_NUCLIO_DASHBOARD": nuclio, "MODELYARD_PORT": str(free_port())}
        )
    assert found is not None
    assert (found.embedded, found.version) == (False, "1.13.0")
    assert {each.name: each.answers for each in found.functions} == {"living": True, "dead": False}
    assert all(each.size > 20 + 20 for each in found.functions)
    dead = [finding.what for finding in examine(facts) if finding.check == "functions"]
    assert len(dead) == 1
    assert dead[0].startswith("dead is ready according to Nuclio")


def test_there_is_no_dashboard_if_none_answers() -> None:
    assert dashboard(f"http://127.0.0.1:{free_port()}") is None


# A fake docker client of an engine with CVAT, a running function and a leftover one.
CONTAINERS = [
    {
        "Name": "/nuclio-nuclio-seg",
        "State": {"Status": "running"},
        "Config": {
            "Labels": {"nuclio.io/function-name": "seg", "dev.modelyard.function": "seg", "a": "b"}
        },
        "HostConfig": {"PortBindings": {"8080/tcp": [{"HostPort": "25000"}]}},
        "NetworkSettings": {
            "Ports": {
                "8080/tcp": [
                    {"HostIp": "10.0.0.1", "HostPort": "25000"},
                    {"HostIp": "127.0.0.1", "HostPort": "25002"},
                ],
                "8081/tcp": None,
            }
        },
    },
    {
        "Name": "/nuclio-nuclio-old",
        "State": {"Status": "exited"},
        "Config": {"Labels": {"nuclio.io/function-name": "old"}},
        "NetworkSettings": {"Ports": {}},
    },
]
INFO = {"ServerVersion": "24.0.7", "Runtimes": {"runc": {}, "nvidia": {}}, "DockerRootDir": "/"}
ENVIRONMENT = """
CVAT_SERVERLESS=1
CVAT_NUCLIO_HOST=127.0.0.1
CVAT_NUCLIO_PORT=@PORT@
CVAT_NUCLIO_INVOKE_METHOD=dashboard
"""
DOCKER = f"""#!/bin/sh
case "$*" in
  info*) echo '{json.dumps(INFO)}' ;;
  *cvat_server*Names*) echo cvat_server ;;
  *"exec cvat_server env") echo '{ENVIRONMENT}' ;;
  exec*) shift 2; exec "$@" ;;
  ps*) echo 'one two' ;;
  "container inspect one two") echo '{json.dumps(CONTAINERS)}' ;;
esac
"""


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(DOCKER.replace("@PORT@", "1"))
    program.chmod(0o755)
    (program.parent / "python3").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
    return program


@pytest.mark.usefixtures("docker")
def test_containers_and_runtimes_are_read_from_docker() -> None:
    found = engine.engine()
    assert found is not None
    assert (found.version, found.runtimes) == ("24.0.7", ("runc", "nvidia"))
    seg, old = found.containers
    assert (seg.nuclio, seg.ours, seg.state, seg.port) == ("seg", "seg", "running", 25000)
    assert seg.published == (25000, 25002)
    assert (old.nuclio, old.ours, old.state, old.port) == ("old", "", "exited", None)


@pytest.mark.usefixtures("docker")
def test_a_port_that_a_container_has_is_the_containers() -> None:
    wanted = {25000: "seg", 25002: "other"}
    ours, theirs = platform.listeners(wanted, engine.engine(), None)
    assert (ours.container, ours.ours) == ("nuclio-nuclio-seg", True)
    assert (theirs.wanted_by, theirs.container, theirs.ours) == (
        "other",
        "nuclio-nuclio-seg",
        False,
    )


def test_ports_of_our_platform_and_of_what_it_started_are_ours() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        wanted = {held.getsockname()[1]: "seg"}
        (own,) = platform.listeners(wanted, None, os.getpid())
        (started,) = platform.listeners(wanted, None, os.getppid())
        (other,) = platform.listeners(wanted, None, 1 << 30)
    assert (own.ours, started.ours, other.ours) == (True, True, False)


def test_cvats_server_is_probed_from_its_container(docker: Path, nuclio: str) -> None:
    (refused,) = engine.reach([25000])
    assert (refused.serverless, refused.method) == (True, "dashboard")
    assert "refused" in refused.asked["http://127.0.0.1:1/api/versions"]
    port = nuclio.rpartition(":")[2]
    docker.write_text(DOCKER.replace("@PORT@", port))
    (reached,) = engine.reach([25000])
    # Any status counts as an answer.
    assert reached.asked == {f"{nuclio}/api/versions": ""}


@pytest.mark.parametrize(
    ("env", "method", "host"),
    [
        ({}, "direct", "nuclio"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "dashboard", "nuclio"),
        ({"CVAT_NUCLIO_HOST": "h", "CVAT_NUCLIO_PORT": "?"}, "direct", "h"),
    ],
)
def test_cvats_defaults(env: dict[str, str], method: str, host: str) -> None:
    server = engine.server_of("cvat", env)
    assert (server.method, server.host, server.port) == (method, host, 8070)
    assert not server.serverless


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('Client version:\n"Label: 1.13.0, Git commit: c4422eb, OS: linux"', "1.13.0"),
        ("nuctl 1.11.24-amd64", "1.11.24-amd64"),
        ("no", None),
    ],
)
def test_the_version_of_nuctl(text: str, version: str | None) -> None:
    assert tools.version_of(text) == version


@pytest.mark.parametrize(
    ("kernel", "kind"),
    [
        ("6.1.0-18-amd64", 0),
        ("5.15.146.1-microsoft-standard-WSL2", 2),
        ("4.4.0-19041-Microsoft", 1),
    ],
)
def test_wsl_is_recognised_by_its_kernel(kernel: str, kind: int) -> None:
    assert machine.wsl(kernel) == kind


def test_a_kubeconfig_is_found_where_nuctl_looks(tmp_path: Path) -> None:
    assert tools.tools({"HOME": str(tmp_path)}).kubeconfig is None
    config = tmp_path / ".kube" / "config"
    config.parent.mkdir()
    config.touch()
    assert tools.tools({"HOME": str(tmp_path)}).kubeconfig == str(config)
    other = tmp_path / "other"
    other.touch()
    named = {"HOME": str(tmp_path), "KUBECONFIG": f"/nowhere{os.pathsep}{other}"}
    assert tools.tools(named).kubeconfig == str(other)


def test_the_holder_of_a_wanted_port_is_named(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        facts = gather(home, {"MODELYARD_PORT": str(port)})
    (listener,) = facts.listeners
    assert listener.port == port
    assert listener.wanted_by == "the dashboard"
    assert f"process {os.getpid()}" in listener.process


def test_records_and_weights_that_are_damaged_are_named(home: Home, tmp_path: Path) -> None:
    (home.functions / "seg.json").write_text("{")
    assert platform.platform(home, None, "127.0.0.1").damaged == (str(home.functions / "seg.json"),)
    assert platform.weights(tmp_path) is None
    store = tmp_path / "pants" / "named_caches" / "modelyard_weights"
    (store / "sha256").mkdir(parents=True)
    (store / "partial").mkdir()
    (store / "partial" / "ff").touch()
    (store / "partial" / "ff.lock").touch()
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    (store / "sha256" / empty).touch()
    (store / "sha256" / ("0" * 64)).touch()
    found = platform.weights(tmp_path)
    assert found is not None
    assert (found.files, found.damaged, found.unfinished) == (
        2,
        (f"sha256/{'0' * 64}",),
        ("ff",),
    )


def test_the_place_of_a_folder_that_does_not_exist_yet(tmp_path: Path) -> None:
    place = machine.place(tmp_path / "a" / "b")
    assert place.path == str(tmp_path / "a" / "b")
    assert place.free > 0
    assert place.filesystem
