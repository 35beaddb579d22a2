"""Container images in a real engine. `.ci/images` builds them, starts the engine and runs this
suite.

MODELYARD_IMAGES is the folder with the packaged images, DOCKER_HOST the engine's socket. Without
them all tests are skipped, unless MODELYARD_REQUIRE_DOCKER is 1.
"""

import base64
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from modelyard_tools.engine.client import Client
from modelyard_tools.images.layout import Layout
from modelyard_tools.images.shipping.engine import Engine

CAT = Path("tests/data/cat.jpg")
PATIENCE = 120.0
CLIENT = Client("docker")
# Of the environment in which the model runs.
PYTHON = "/opt/modelyard/deps/bin/python"


def docker(*arguments: str) -> str:
    """Run the engine's client; return its output."""
    return CLIENT.ask(*arguments, timeout=None).strip()


class Container:
    """A running container, which takes events on `url`."""

    def __init__(self, name: str) -> None:
        self.id = name

    @property
    def url(self) -> str:
        return f"http://{docker('port', self.id, '8080').splitlines()[0]}"

    @property
    def logs(self) -> str:
        return CLIENT.log(self.id)

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(docker("inspect", "-f", "{{json .State}}", self.id))
        return found

    def wait_until_healthy(self) -> None:
        """Wait for the image's own health check, as Nuclio does after a deployment."""
        deadline = time.monotonic() + PATIENCE
        while True:
            state = self.state()
            if not state["Running"] or time.monotonic() > deadline:
                pytest.fail(self.logs)
            if state["Health"]["Status"] == "healthy":
                return
            time.sleep(0.2)

    def ask(self, body: bytes) -> httpx.Response:
        headers = {"content-type": "application/json"}
        return httpx.post(self.url, content=body, headers=headers, timeout=PATIENCE)

    def ask_for_the_cat(self) -> httpx.Response:
        picture = base64.b64encode(CAT.read_bytes()).decode()
        return self.ask(json.dumps({"image": picture}).encode())


@pytest.fixture(scope="session")
def images() -> Path:
    """Return the folder with the packaged images."""
    folder = os.environ.get("MODELYARD_IMAGES", "")
    if not folder or not os.environ.get("DOCKER_HOST"):
        reason = (
            "MODELYARD_IMAGES or DOCKER_HOST is not set; .ci/images builds images and sets them"
        )
        if os.environ.get("MODELYARD_REQUIRE_DOCKER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return Path(folder)


@pytest.fixture(scope="session")
def standalone(images: Path) -> Layout:
    """Return coco_ssd's standalone image, loaded."""
    return loaded(images / "coco-ssd" / "cpu" / "image")


@pytest.fixture(scope="session")
def nuclio(images: Path) -> Layout:
    """Return coco_ssd's image for Nuclio, with fakes for Nuclio's parts, loaded."""
    return loaded(images / "coco-ssd" / "cpu" / "nuclio")


def loaded(folder: Path) -> Layout:
    layout = Layout.read(folder)
    Engine().load(layout, [layout.reference])
    return layout


@pytest.fixture
def start() -> Iterator[Callable[..., Container]]:
    """Start containers with only a function's privileges, and remove them afterwards."""
    started: list[str] = []

    def start(layout: Layout, *options: str) -> Container:
        confined = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"]
        published = ["--publish", "127.0.0.1::8080"]
        started.append(docker("run", "-d", *confined, *published, *options, layout.reference))
        return Container(started[-1])

    yield start
    for name in started:
        docker("rm", "--force", "--volumes", name)
