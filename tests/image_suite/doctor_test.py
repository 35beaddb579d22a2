"""Who owns a container's port: the engine's proxy listens on all of them."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from image_suite.conftest import docker
from modelyard_tools.deployer.testing.deployer import Deployer
from modelyard_tools.images.layout import Layout
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import FakeRelease

NAME = "coco-ssd"
Occupy = Callable[..., None]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def deployer(images: Path, tmp_path: Path, port: int) -> Iterator[Deployer]:
    """Return a deployer whose embedded platform, when it runs, serves coco-ssd on `port`."""
    assert images
    deployer = Deployer(tmp_path)
    build = deployer.build(FakeRelease(name=NAME, port=port))
    assert deployer.run(build=build).returncode == 0
    assert deployer.run("stop").returncode == 0
    yield deployer
    deployer.run("stop")


@pytest.fixture
def occupy(port: int) -> Iterator[Occupy]:
    """Return a function that starts a container that publishes `port` without using it."""
    started: list[str] = []

    def occupy(image: str, *options: str) -> None:
        wait = ("--entrypoint", "/usr/bin/python3.11", *options, image)
        nothing = ("-c", "import signal; signal.pause()")
        published = ("--publish", f"127.0.0.1:{port}:8080", "--name", f"holder-{port}")
        started.append(docker("run", "-d", *published, *wait, *nothing))

    yield occupy
    for container in started:
        docker("rm", "--force", container)


def findings(deployer: Deployer) -> list[tuple[str, str]]:
    """Return the doctor's findings on ports, and its fixes."""
    said = json.loads(deployer.run("doctor", "--json").stdout)["findings"]
    return [(each["what"], each["mend"]) for each in said if each["check"] == "ports"]


def test_the_port_of_the_function_itself_in_nuclio_is_ours(
    deployer: Deployer, occupy: Occupy, nuclio: Layout
) -> None:
    occupy(nuclio.reference, "--label", f"nuclio.io/function-name={NAME}")
    assert findings(deployer) == []


def test_the_port_of_the_function_itself_in_its_own_image_is_ours(
    deployer: Deployer, occupy: Occupy, standalone: Layout
) -> None:
    occupy(standalone.reference)
    assert findings(deployer) == []


@pytest.mark.parametrize("label", ["a=b", f"nuclio.io/function-name={NAME}"])
def test_somebody_elses_container_is_named(
    deployer: Deployer, occupy: Occupy, port: int, label: str
) -> None:
    occupy("authors-base:1", "--label", label)
    ((what, mend),) = findings(deployer)
    container = f"holder-{port}"
    assert what == f"port {port}, which {NAME} needs, is taken by the container {container}"
    assert mend.startswith(f"docker rm --force {container}, or ")
