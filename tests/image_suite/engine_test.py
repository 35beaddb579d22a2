"""A function's image in an engine: it answers, confined, and stops on request."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from image_suite.conftest import PYTHON, Container, docker
from modelyard_contract.version import VERSION
from modelyard_tools.images.layout import Layout
from modelyard_tools.images.shipping.engine import Engine

Start = Callable[..., Container]
# The grace period of `docker stop`.
GRACE = 10.0


def test_it_sees_the_cat_with_no_rights_at_all(standalone: Layout, start: Start) -> None:
    container = start(standalone, "--user", "12345:12345")
    container.wait_until_healthy()
    reply = container.ask_for_the_cat()
    assert reply.status_code == 200, container.logs
    assert [shape["label"] for shape in reply.json()] == ["cat"]


def test_it_runs_as_nobody_in_particular(standalone: Layout, start: Start) -> None:
    container = start(standalone)
    container.wait_until_healthy()
    ask = "import os; print(os.getuid(), os.getgid())"
    assert docker("exec", container.id, "/usr/bin/python3.11", "-c", ask) == "65532 65532"


def test_stopping_answers_what_was_asked_and_takes_no_longer_than_the_grace(
    standalone: Layout, start: Start
) -> None:
    container = start(standalone)
    container.wait_until_healthy()
    replies: list[httpx.Response] = []
    clients = [
        threading.Thread(target=lambda: replies.append(container.ask_for_the_cat()))
        for _ in range(2)
    ]
    for client in clients:
        client.start()
    # Until both are being processed: a connection that is not yet accepted would be refused.
    time.sleep(0.5)
    docker("stop", "--time", str(int(GRACE)), container.id)
    for client in clients:
        client.join()
    assert [reply.status_code for reply in replies] == [200, 200]
    # 137 would be the engine's SIGKILL after the grace period.
    assert container.state()["ExitCode"] == 0, container.logs


def test_a_mounted_processor_yaml_counts_as_it_does_for_nuclio(
    standalone: Layout, start: Start, tmp_path: Path
) -> None:
    config = tmp_path / "processor.yaml"
    config.write_text(
        "spec: {triggers: {http: {kind: http, attributes: {maxRequestBodySize: 100}}}}"
    )
    tmp_path.chmod(0o755)
    config.chmod(0o644)
    where = "/etc/nuclio/config/processor"
    container = start(standalone, "--volume", f"{tmp_path}:{where}:ro")
    container.wait_until_healthy()
    assert container.ask_for_the_cat().status_code == 413


def test_every_package_can_be_imported(standalone: Layout, start: Start) -> None:
    container = start(standalone)
    packages = "cv2, msgpack, msgspec, numpy, numpy.testing, nuclio_sdk, openvino, PIL.Image"
    code = f"import {packages}, ssl, sqlite3, ctypes"
    docker("exec", container.id, PYTHON, "-c", code)


def test_what_is_said_of_a_packages_files_is_true(standalone: Layout, start: Start) -> None:
    container = start(standalone)
    code = (
        "from importlib.metadata import distributions as d; import pathlib;"
        "files = [f for p in d() for f in p.files];"
        "print(len(files) > 1000, [str(f) for f in files if not pathlib.Path(f.locate()).exists()])"
    )
    assert docker("exec", container.id, PYTHON, "-c", code) == "True []"


def test_an_engine_that_has_an_image_is_sent_nothing(standalone: Layout) -> None:
    assert Engine().load(standalone, [standalone.reference]) == 0


def test_the_labels_say_what_it_is(standalone: Layout) -> None:
    inspected = docker("image", "inspect", "-f", "{{json .Config.Labels}}", standalone.reference)
    labels = json.loads(inspected)
    assert labels["org.opencontainers.image.title"] == "coco-ssd"
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert labels["dev.modelyard.runtime"] == "standalone"
    assert labels["dev.modelyard.version"] == VERSION
    assert len(labels["dev.modelyard.digest"]) == 64
    assert labels["org.opencontainers.image.version"] == labels["dev.modelyard.digest"][:12]


def test_the_images_are_as_small_as_promised(standalone: Layout) -> None:
    size = int(docker("image", "inspect", "-f", "{{.Size}}", standalone.reference))
    assert size <= 500e6


def test_both_runtimes_share_all_but_what_serves(standalone: Layout, nuclio: Layout) -> None:
    assert len(standalone.diff_ids) == len(nuclio.diff_ids)
    different = [
        index
        for index, pair in enumerate(zip(standalone.diff_ids, nuclio.diff_ids, strict=True))
        if pair[0] != pair[1]
    ]
    assert different == [1]


def test_nuclios_processor_runs_it(nuclio: Layout, start: Start, tmp_path: Path) -> None:
    (tmp_path / "processor.yaml").write_text("spec: {}")
    tmp_path.chmod(0o755)
    mounted = f"{tmp_path}:/etc/nuclio/config/processor:ro"
    container = start(nuclio, "--volume", mounted, "--tmpfs", "/tmp")
    container.wait_until_healthy()
    reply = container.ask_for_the_cat()
    assert reply.status_code == 200, container.logs
    assert [shape["label"] for shape in reply.json()] == ["cat"]
    docker("stop", container.id)
    assert container.state()["ExitCode"] == 0, container.logs
    assert "stopped as asked" in container.logs
