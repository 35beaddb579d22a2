"""Rolling back on a cluster, with the real kubectl and skopeo."""

import json
from pathlib import Path
from typing import Any

import pytest

from modelyard_contract.nuclio import DIGEST
from modelyard_tools.deployer.kubernetes.testing import releases
from modelyard_tools.deployer.kubernetes.testing.cluster import BROKEN, Cluster
from modelyard_tools.deployer.kubernetes.testing.registry import Registry
from modelyard_tools.deployer.kubernetes.versions import PREVIOUS
from modelyard_tools.deployer.testing.deployer import Build, Deployer
from modelyard_tools.testing.releases import FakeRelease


def release(version: str) -> FakeRelease:
    return releases.release("echo", env={"VERSION": version})


class Published:
    """A deployer whose builds are in a registry before they are applied."""

    def __init__(self, deployer: Deployer, registry: Registry, folder: Path) -> None:
        self._deployer = deployer
        self._registry = registry
        self._settings = folder / "cluster.yaml"
        self._settings.write_text(f"registry: {registry.host}/team\n")

    def apply(self, *releases: FakeRelease) -> Any:
        """Build, publish under a tag that moves, and apply."""
        for each in releases:
            self._registry.images[self.tag(each)] = each.digest
        return self.apply_only(self._deployer.build(*releases))

    def apply_only(self, build: Build) -> Any:
        return self._deployer.run("apply", "--cluster", str(self._settings), build=build)

    def run(self, *words: str) -> Any:
        return self._deployer.run(*words, "--cluster", str(self._settings))

    def tag(self, each: FakeRelease) -> str:
        return str(each.config()["spec"]["image"]).rpartition("/")[2]


@pytest.fixture
def published(deployer: Deployer, registry: Registry, tmp_path: Path) -> Published:
    return Published(deployer, registry, tmp_path)


def version(cluster: Cluster) -> str:
    (variable,) = cluster.function("echo")["spec"]["env"]
    return str(variable["value"])


def test_rollback_restores_the_previous_image_and_again_undoes_it(
    published: Published, cluster: Cluster, registry: Registry
) -> None:
    first, second = release("1"), release("2")
    assert published.apply(first).returncode == 0
    before = cluster.function("echo")
    assert before["spec"]["image"].endswith(f"/team/echo@{registry.digest(first.digest)}")
    refused = published.run("rollback", "echo")
    assert refused.returncode == 1
    assert "no earlier version of echo is known in the cluster; apply an earlier" in refused.stderr

    assert published.apply(second).returncode == 0
    assert version(cluster) == "2"
    done = published.run("rollback", "echo")
    assert done.returncode == 0, done.stderr
    assert registry.digest(first.digest) in done.stdout
    after = cluster.function("echo")
    assert after["spec"] == before["spec"]
    assert after["metadata"]["annotations"][DIGEST] == before["metadata"]["annotations"][DIGEST]
    assert after["status"]["state"] == "ready"

    assert published.run("rollback", "echo").returncode == 0
    assert version(cluster) == "2"


def test_a_version_that_never_served_is_not_restored(
    published: Published, cluster: Cluster
) -> None:
    assert published.apply(release("1")).returncode == 0
    assert published.apply(release(BROKEN)).returncode == 1
    assert published.apply(release("3")).returncode == 0
    assert published.run("rollback", "echo").returncode == 0
    assert version(cluster) == "1"


def test_only_one_version_is_remembered(published: Published, cluster: Cluster) -> None:
    for number in ("1", "2", "3"):
        assert published.apply(release(number)).returncode == 0
    remembered = json.loads(cluster.function("echo")["metadata"]["annotations"][PREVIOUS])
    assert remembered["spec"]["env"] == [{"name": "VERSION", "value": "2"}]
    assert PREVIOUS not in remembered["metadata"]["annotations"]


def test_an_unpublished_image_is_not_applied(
    published: Published, deployer: Deployer, cluster: Cluster
) -> None:
    done = published.apply_only(deployer.build(release("1")))
    assert done.returncode == 1
    assert "is not in its registry; `./pants publish` pushes it" in done.stderr
    assert cluster.objects == {}


def test_without_a_registry_to_ask_tags_are_kept_and_rollback_says_why_it_cannot(
    published: Published, deployer: Deployer, cluster: Cluster, registry: Registry
) -> None:
    registry.stop()
    done = published.apply(release("1"))
    assert done.returncode == 0, done.stderr
    assert "echo cannot be rolled back to later, since its image is named by tag" in done.stderr
    assert published.apply(release("2")).returncode == 0
    refused = published.run("rollback", "echo")
    assert refused.returncode == 1
    assert "its image is named by a tag, which can move" in refused.stderr
    assert version(cluster) == "2"


def test_an_unreadable_record_in_the_cluster_is_reported(
    published: Published, cluster: Cluster
) -> None:
    assert published.apply(release("1")).returncode == 0
    cluster.function("echo")["metadata"]["annotations"][PREVIOUS] = "{"
    done = published.run("rollback", "echo")
    assert done.returncode == 1
    assert f"the annotation {PREVIOUS} of echo cannot be read" in done.stderr


def test_rendered_objects_name_images_by_digest(
    published: Published, deployer: Deployer, registry: Registry, tmp_path: Path
) -> None:
    first = release("1")
    registry.images[published.tag(first)] = first.digest
    settings = str(tmp_path / "cluster.yaml")
    folder = tmp_path / "rendered"
    done = deployer.run("render", str(folder), "--cluster", settings, build=deployer.build(first))
    assert done.returncode == 0, done.stderr
    text = (folder / "functions/echo.yaml").read_text()
    assert f"@{registry.digest(first.digest)}" in text
