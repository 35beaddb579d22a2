"""`--to kubernetes` against a real API server: docs/kubernetes.md says how to get one."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelyard_tools.deployer.core.releases import read_releases
from modelyard_tools.deployer.kubernetes.objects import function
from modelyard_tools.deployer.kubernetes.settings import read_cluster
from modelyard_tools.deployer.kubernetes.testing.api_server import CLERK, ApiServer
from modelyard_tools.deployer.kubernetes.testing.cluster import BROKEN
from modelyard_tools.deployer.kubernetes.testing.registry import Registry
from modelyard_tools.deployer.kubernetes.testing.releases import SETTINGS, release
from modelyard_tools.deployer.testing.deployer import Build, Deployer
from modelyard_tools.embedded.testing.process import until

PROGRAMS = "MODELYARD_KUBE_APISERVER"
GPU = {"nvidia.com/gpu": "1"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    programs = os.environ.get(PROGRAMS)
    if not programs:
        pytest.skip(f"{PROGRAMS} names no folder with kube-apiserver and etcd; .ci/kube-apiserver")
    if shutil.which("kubectl") is None:
        pytest.fail("kubectl not found")
    server = ApiServer(Path(programs), tmp_path_factory.mktemp("server"))
    yield server
    server.close()


class Namespace:
    """A namespace for one test, with a deployer that uses it."""

    def __init__(self, server: ApiServer, name: str, folder: Path, deployer: Deployer) -> None:
        self._server = server
        self._name = name
        self._settings = folder / "cluster.yaml"
        self.deployer = deployer
        self.configure("")
        server.make_namespace(name)

    def configure(self, settings: str) -> None:
        self._settings.write_text(settings)

    def run(self, *words: str, build: Build | None = None) -> Any:
        command, *more = words
        where = ["--namespace", self._name]
        given = ["--cluster", str(self._settings)] if command in ("apply", "import", "plan") else []
        return self.deployer.run(command, *more, *where, *given, build=build)

    def functions(self) -> dict[str, dict[str, Any]]:
        return self._server.functions(self._name)

    def rendered(self, build: Build) -> dict[str, dict[str, Any]]:
        """Return what is sent to the server."""
        cluster = read_cluster(self._settings)
        items = [function(each, cluster, self._name) for each in read_releases(build.root)]
        return {item["metadata"]["name"]: item for item in items}


@pytest.fixture
def namespace(
    server: ApiServer,
    deployer: Deployer,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Namespace:
    server.write_kubeconfig(tmp_path / "kubeconfig")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MODELYARD_TO", "kubernetes")
    name = request.node.name.removeprefix("test_").replace("_", "-")[:63].rstrip("-")
    return Namespace(server, name, tmp_path, deployer)


def test_everything_that_we_write_is_accepted_and_kept(namespace: Namespace) -> None:
    namespace.configure(SETTINGS)
    build = namespace.deployer.build(
        release("echo", limits={"memory": "2Gi", "cpu": "1500m"}, env={"PRICE": "$(HOME) 5$"}),
        release("seg", variant="gpu", limits=GPU),
        release("idle"),
    )
    done = namespace.run("apply", build=build)
    assert done.returncode == 0, done.stderr
    stored = namespace.functions()
    assert stored.keys() == {"echo", "seg", "idle"}
    for name, sent in namespace.rendered(build).items():
        assert stored[name]["spec"] == sent["spec"]
        assert stored[name]["metadata"]["annotations"] == sent["metadata"]["annotations"]
        assert stored[name]["metadata"]["labels"] == sent["metadata"]["labels"]
        assert stored[name]["status"]["state"] == "ready"


def test_only_what_changed_is_touched(namespace: Namespace) -> None:
    everywhere = "defaults: {nodeSelector: {pool: vision}}"
    namespace.configure(f"{everywhere}\nfunctions: {{echo: {{priorityClassName: low}}}}")
    deployer = namespace.deployer
    first = deployer.build(release("echo", env={"A": "1", "B": "2"}), release("other"))
    assert namespace.run("apply", build=first).returncode == 0
    assert "unchanged  echo" in namespace.run("plan", build=first).stdout
    before = namespace.functions()
    # Settings that are no longer given are removed, whatever the controller has written since.
    namespace.configure(everywhere)
    second = deployer.build(release("echo", env={"B": "3"}), release("other"))
    done = namespace.run("apply", build=second)
    assert done.returncode == 0, done.stderr
    after = namespace.functions()
    assert after["other"] == before["other"]
    assert "priorityClassName" in before["echo"]["spec"]
    assert after["echo"]["spec"] == namespace.rendered(second)["echo"]["spec"]
    assert after["echo"]["status"]["state"] == "ready"


def test_rendered_objects_can_be_applied_as_the_command_says(
    namespace: Namespace, tmp_path: Path
) -> None:
    build = namespace.deployer.build(release("echo"), release("other"))
    # Twice: the second time the controller has written into them.
    for _ in range(2):
        done = namespace.run("render", str(tmp_path / "rendered"), build=build)
        assert done.returncode == 0, done.stderr
        command = done.stdout.strip().rpartition("; ")[2].split()
        applied = subprocess.run(command, capture_output=True, text=True, check=False)
        assert applied.returncode == 0, applied.stderr
        until(
            lambda: (
                [each["status"]["state"] for each in namespace.functions().values()]
                == ["ready", "ready"]
            )
        )


def test_what_the_server_refuses_is_not_applied(
    namespace: Namespace, server: ApiServer, tmp_path: Path
) -> None:
    server.write_kubeconfig(tmp_path / "kubeconfig", CLERK)
    done = namespace.run("apply", build=namespace.deployer.build(release("echo"), release("other")))
    assert done.returncode == 1
    assert '"other" is forbidden' in done.stderr
    assert namespace.functions() == {}


def test_a_function_that_does_not_start_says_why(namespace: Namespace) -> None:
    build = namespace.deployer.build(release(f"is-{BROKEN}"), release("other"))
    done = namespace.run("apply", build=build)
    assert done.returncode == 1
    assert "No module named 'x'" in done.stderr
    assert namespace.functions()["other"]["status"]["state"] == "ready"


def test_status_export_delete_and_import(namespace: Namespace, tmp_path: Path) -> None:
    build = namespace.deployer.build(release("echo"), release("other"))
    assert namespace.run("apply", build=build).returncode == 0
    before = namespace.functions()
    shown = json.loads(namespace.run("status", "--json").stdout)["functions"]
    assert [(each["name"], each["state"]) for each in shown] == [
        ("echo", "ready"),
        ("other", "ready"),
    ]
    assert shown[0]["url"] == "http://nuclio-echo.nuclio.svc.cluster.local:8080"
    file = tmp_path / "functions.json"
    file.write_text(namespace.run("export").stdout)
    for name in ("echo", "other"):
        assert namespace.run("delete", name).returncode == 0
    assert namespace.functions() == {}
    assert namespace.run("delete", "echo").returncode == 2
    done = namespace.run("import", str(file))
    assert done.returncode == 0, done.stderr
    after = namespace.functions()
    assert {name: item["spec"] for name, item in after.items()} == {
        name: item["spec"] for name, item in before.items()
    }
    assert after["echo"]["status"]["state"] == "ready"


def test_rollback_restores_what_was_replaced_and_nothing_of_what_replaced_it(
    namespace: Namespace, registry: Registry
) -> None:
    namespace.configure(f"registry: {registry.host}/team")
    for each in (release("echo", env={"A": "1"}), release("echo", env={"B": "2", "C": "3"})):
        image = str(each.config()["spec"]["image"]).rpartition("/")[2]
        registry.images[image] = each.digest
        done = namespace.run("apply", build=namespace.deployer.build(each))
        assert done.returncode == 0, done.stderr
        if each.env == {"A": "1"}:
            first = namespace.functions()["echo"]
    done = namespace.run("rollback", "echo")
    assert done.returncode == 0, done.stderr
    after = namespace.functions()["echo"]
    assert after["spec"] == first["spec"]
    assert after["status"]["state"] == "ready"
    assert "@sha256:" in after["spec"]["image"]


def test_a_missing_namespace_is_named(namespace: Namespace) -> None:
    build = namespace.deployer.build(release("echo"))
    done = namespace.deployer.run("apply", "--namespace", "nowhere", build=build)
    assert done.returncode == 1
    assert 'namespaces "nowhere" not found' in done.stderr.splitlines()[-1]
