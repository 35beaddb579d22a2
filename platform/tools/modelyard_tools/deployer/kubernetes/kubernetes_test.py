"""`--to kubernetes` and `render`, with the real kubectl against an API server of ours."""

import json
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from modelyard_contract.limits import DEFAULT_BODY
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.core.releases import BuiltRelease, read_releases
from modelyard_tools.deployer.kubernetes.objects import function
from modelyard_tools.deployer.kubernetes.settings import read_cluster
from modelyard_tools.deployer.kubernetes.testing.cluster import BROKEN, Cluster
from modelyard_tools.deployer.kubernetes.testing.crd import FUNCTION
from modelyard_tools.deployer.kubernetes.testing.releases import SETTINGS, release
from modelyard_tools.deployer.testing.deployer import Deployer
from modelyard_tools.testing.releases import FakeRelease

LIMITS = {"memory": "2Gi", "cpu": "1500m"}


def built(deployer: Deployer, *releases: FakeRelease) -> list[BuiltRelease]:
    return read_releases(deployer.build(*releases).root)


def object_of(deployer: Deployer, tmp_path: Path, settings: str, **more: Any) -> dict[str, Any]:
    file = tmp_path / "cluster.yaml"
    file.write_text(settings)
    (only,) = built(deployer, release(**more))
    return function(only, read_cluster(file), "nuclio")


def test_an_object_is_complete_without_any_settings(deployer: Deployer, tmp_path: Path) -> None:
    item = object_of(
        deployer, tmp_path, "", name="echo", limits=LIMITS, env={"PRICE": "$(HOME) 5$"}
    )
    jsonschema.validate(item, FUNCTION)
    assert item["status"] == {"state": "waitingForResourceConfiguration"}
    assert item["metadata"]["labels"] == {"nuclio.io/project-name": "cvat"}
    assert item["metadata"]["annotations"]["modelyard.io/digest"]
    spec = item["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (1, 1)
    assert spec["triggers"]["http"]["attributes"] == {
        "serviceType": "ClusterIP",
        "maxRequestBodySize": DEFAULT_BODY,
    }
    assert spec["resources"]["limits"] == LIMITS
    # Kubernetes would expand the first and drop the second.
    assert spec["env"] == [{"name": "PRICE", "value": "$$(HOME) 5$$"}]


def test_the_cluster_says_where_and_how_many(deployer: Deployer, tmp_path: Path) -> None:
    item = object_of(deployer, tmp_path, SETTINGS, name="echo")
    jsonschema.validate(item, FUNCTION)
    spec = item["spec"]
    assert spec["image"].startswith("registry.example.org/team/echo:")
    assert (spec["minReplicas"], spec["maxReplicas"], spec["targetCPU"]) == (1, 4, 60)
    assert spec["nodeSelector"] == {"pool": "vision"}
    assert (spec["imagePullSecrets"], spec["priorityClassName"]) == ("regcred", "low")
    assert "deploymentStrategy" not in spec


def test_a_function_with_a_gpu_goes_where_gpus_are(deployer: Deployer, tmp_path: Path) -> None:
    limits = {"nvidia.com/gpu": "1"}
    item = object_of(deployer, tmp_path, SETTINGS, name="seg", variant="gpu", limits=limits)
    jsonschema.validate(item, FUNCTION)
    spec = item["spec"]
    assert spec["nodeSelector"] == {"pool": "gpu"}
    assert spec["tolerations"][0]["key"] == "nvidia.com/gpu"
    # The settings for all functions still apply.
    assert spec["priorityClassName"] == "low"
    assert spec["deploymentStrategy"] == {"type": "Recreate"}


def test_an_idle_function_may_end(deployer: Deployer, tmp_path: Path) -> None:
    item = object_of(deployer, tmp_path, SETTINGS, name="idle")
    jsonschema.validate(item, FUNCTION)
    assert (item["spec"]["minReplicas"], item["spec"]["maxReplicas"]) == (0, 1)
    (resource,) = item["spec"]["scaleToZero"]["scaleResources"]
    assert (resource["windowSize"], resource["threshold"]) == ("10m", 0)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("e" * 57, "", "at most 56"),
        ("echo", "defaults: {minReplicas: 0}", "nothing defines when it is idle"),
        (
            "echo",
            "defaults: {minReplicas: 3, maxReplicas: 2}",
            "minReplicas is 3, but maxReplicas is 2",
        ),
        ("echo", "default: {}", "unknown field `default`"),
        ("echo", "defaults: {nodeSelecter: {}}", "unknown field `nodeSelecter`"),
        ("echo", "defaults: {targetCPU: 200}", "<= 100"),
        ("echo", "{", "cluster.yaml"),
    ],
)
def test_what_a_cluster_would_refuse_is_refused_in_one_line(
    deployer: Deployer, tmp_path: Path, name: str, settings: str, message: str
) -> None:
    with pytest.raises(DeployError) as error:
        object_of(deployer, tmp_path, settings, name=name)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_functions_are_applied_once_the_server_would_accept_them(
    deployer: Deployer, cluster: Cluster
) -> None:
    build = deployer.build(release("echo"), release("other"), release("gone", blocked="no weights"))
    done = deployer.run(build=build)
    assert done.returncode == 0, done.stderr
    assert cluster.function("echo")["status"]["state"] == "ready"
    assert cluster.objects["nuclioprojects", "cvat"]["kind"] == "NuclioProject"
    assert ("nucliofunctions", "gone") not in cluster.objects
    patches = [request for request in cluster.requests if request.startswith("PATCH")]
    trials = ["dryRun=All" in request for request in patches]
    assert trials == [True] * 3 + [False] * 3
    # The second time, nothing is touched.
    cluster.requests.clear()
    assert deployer.run(build=build).returncode == 0
    assert not [request for request in cluster.requests if request.startswith("PATCH")]


def test_what_changed_is_deployed_and_nothing_else(deployer: Deployer, cluster: Cluster) -> None:
    assert deployer.run(build=deployer.build(release("echo"), release("other"))).returncode == 0
    cluster.requests.clear()
    changed = deployer.build(release("echo", env={"A": "1"}), release("other"))
    assert deployer.run(build=changed).returncode == 0
    patched = {request.partition("?")[0] for request in cluster.requests if "PATCH" in request}
    assert not [path for path in patched if path.endswith("/other")]
    assert cluster.function("echo")["spec"]["env"] == [{"name": "A", "value": "1"}]


def test_changed_settings_of_the_cluster_are_applied_where_they_matter(
    deployer: Deployer, cluster: Cluster, tmp_path: Path
) -> None:
    settings = tmp_path / "cluster.yaml"
    settings.write_text("functions: {echo: {minReplicas: 1}}")
    build = deployer.build(release("echo"), release("other"))
    apply = ("apply", "--cluster", str(settings))
    assert deployer.run(*apply, build=build).returncode == 0
    settings.write_text("functions: {echo: {minReplicas: 2, maxReplicas: 2}}")
    cluster.requests.clear()
    done = deployer.run(*apply, build=build)
    assert done.returncode == 0, done.stderr
    assert "its settings for the cluster changed" in done.stdout
    assert cluster.function("echo")["spec"]["minReplicas"] == 2
    patched = {request.partition("?")[0] for request in cluster.requests if "PATCH" in request}
    assert not [path for path in patched if path.endswith("/other")]


def test_what_the_server_refuses_is_not_applied(deployer: Deployer, cluster: Cluster) -> None:
    cluster.forbidden.add("other")
    done = deployer.run(build=deployer.build(release("echo"), release("other")))
    assert done.returncode == 1
    assert '"other" is forbidden: a policy of the cluster forbids it' in done.stderr
    assert cluster.objects == {}


def test_a_function_that_does_not_start_says_why(deployer: Deployer, cluster: Cluster) -> None:
    build = deployer.build(release(f"is-{BROKEN}"), release("other"))
    done = deployer.run(build=build)
    assert done.returncode == 1
    assert "No module named 'x'" in done.stderr
    assert cluster.function("other")["status"]["state"] == "ready"


def test_a_name_too_long_for_the_cluster_stops_only_itself(
    deployer: Deployer, cluster: Cluster
) -> None:
    done = deployer.run(build=deployer.build(release("e" * 57), release("other")))
    assert done.returncode == 1
    assert "at most 56" in done.stderr
    assert cluster.function("other")["status"]["state"] == "ready"


def test_status_invoke_and_delete(deployer: Deployer, cluster: Cluster, tmp_path: Path) -> None:
    assert deployer.run(build=deployer.build(release("echo"))).returncode == 0
    (shown,) = json.loads(deployer.run("status", "--json").stdout)["functions"]
    assert shown["url"] == "http://nuclio-echo.nuclio.svc.cluster.local:8080"
    assert shown["state"] == "ready"
    image = tmp_path / "image.png"
    image.write_bytes(b"pixels")
    done = deployer.run("invoke", "echo", str(image))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["asked"].endswith("/services/http:nuclio-echo:8080/proxy")
    assert cluster.invoked == [{"image": "cGl4ZWxz"}]
    assert deployer.run("delete", "echo").returncode == 0
    assert ("nucliofunctions", "echo") not in cluster.objects
    assert deployer.run("delete", "echo").returncode == 2


def test_commands_for_programs(deployer: Deployer, cluster: Cluster, tmp_path: Path) -> None:
    def output_of(*arguments: str, **more: Any) -> Any:
        done = deployer.run(*arguments, "--json", **more)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert deployer.run(build=deployer.build(release("echo"), release("old"))).returncode == 0
    pruned = output_of("prune", build=deployer.build(release("echo")))
    assert [(each["name"], each["action"]) for each in pruned["plan"]] == [("old", "remove")]
    assert [each["name"] for each in pruned["functions"]] == ["echo"]
    image, file = tmp_path / "image.png", tmp_path / "functions.json"
    image.write_bytes(b"pixels")
    answered = output_of("invoke", "echo", str(image))
    assert answered["status"] == 200
    assert answered["body"][0]["asked"].endswith("/services/http:nuclio-echo:8080/proxy")
    assert deployer.run("export", "--out", str(file)).returncode == 0
    assert output_of("delete", "echo") == {"deleted": "echo", "functions": []}
    restored = output_of("import", str(file))
    assert restored["failures"] == {}
    assert [(each["name"], each["state"]) for each in restored["functions"]] == [("echo", "ready")]
    rendered = output_of(
        "render", str(tmp_path / "rendered"), build=deployer.build(release("echo"))
    )
    assert rendered == {"rendered": ["echo"], "failures": {}}


@pytest.mark.parametrize("status", [400, 500])
def test_an_answer_that_kubectl_swallows_is_in_the_log(
    deployer: Deployer, cluster: Cluster, tmp_path: Path, status: int
) -> None:
    assert deployer.run(build=deployer.build(release("echo"))).returncode == 0
    cluster.answer = status
    image = tmp_path / "image.png"
    image.write_bytes(b"pixels")
    done = deployer.run("invoke", "echo", str(image))
    assert done.returncode == 1
    assert "`logs echo --to kubernetes` shows its log" in done.stderr


def test_what_is_exported_can_be_restored(
    deployer: Deployer, cluster: Cluster, tmp_path: Path
) -> None:
    assert deployer.run(build=deployer.build(release("echo"), release("other"))).returncode == 0
    before = cluster.function("echo")
    done = deployer.run("export")
    assert done.returncode == 0, done.stderr
    file = tmp_path / "functions.json"
    file.write_text(done.stdout)
    assert "status" not in done.stdout
    cluster.objects.clear()
    done = deployer.run("import", str(file))
    assert done.returncode == 0, done.stderr
    assert cluster.function("echo") == before
    assert cluster.function("other")["status"]["state"] == "ready"


def test_without_a_cluster_the_reason_is_kubectls(
    deployer: Deployer, cluster: Cluster, tmp_path: Path
) -> None:
    cluster.stop()
    done = deployer.run("status")
    assert done.returncode == 1
    assert "refused" in done.stderr.splitlines()[-1]


def test_a_cluster_without_nuclio_is_reported(deployer: Deployer, cluster: Cluster) -> None:
    cluster.nuclio = False
    done = deployer.run(build=deployer.build(release("echo")))
    assert done.returncode == 1
    assert "Nuclio is not installed in the cluster" in done.stderr
    assert "--context" in done.stderr


def test_rendered_files_are_what_kustomize_reads(
    deployer: Deployer, cluster: Cluster, tmp_path: Path
) -> None:
    folder = tmp_path / "rendered"
    settings = tmp_path / "cluster.yaml"
    settings.write_text(SETTINGS)
    build = deployer.build(release("echo"), release("old"), release("gone", blocked="no weights"))
    rendering = ("render", str(folder), "--namespace", "vision", "--cluster", str(settings))
    done = deployer.run(*rendering, build=build)
    assert done.returncode == 0, done.stderr
    read = subprocess.run(
        ["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=True
    )
    documents = map(msgspec.yaml.decode, read.stdout.split("\n---\n"))
    items = {item["metadata"]["name"]: item for item in documents}
    assert items.keys() == {"cvat", "echo", "old"}
    assert {item["metadata"]["namespace"] for item in items.values()} == {"vision"}
    for name in ("echo", "old"):
        jsonschema.validate(items[name], FUNCTION)
    # The second time, the files of removed functions are removed too.
    assert deployer.run(*rendering, build=deployer.build(release("echo"))).returncode == 0
    assert [file.name for file in (folder / "functions").iterdir()] == ["echo.yaml"]


def test_a_folder_with_other_files_is_left_alone(deployer: Deployer, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "kustomization.yaml").write_text("resources: []\n")
    done = deployer.run("render", str(folder), build=deployer.build(release("echo")))
    assert done.returncode == 1
    assert "contains other files" in done.stderr
    assert msgspec.yaml.decode((folder / "kustomization.yaml").read_bytes()) == {"resources": []}
