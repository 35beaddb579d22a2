"""A function on a base image built with a Dockerfile; `.ci/images` builds it."""

import json
from collections.abc import Callable
from pathlib import Path

from image_suite.conftest import Container, docker, loaded
from modelyard.serving.protocol.sample import sample_request
from modelyard_tools.images.layout import Layout


def test_a_function_runs_on_an_authors_own_base(
    images: Path, standalone: Layout, start: Callable[..., Container]
) -> None:
    layout = loaded(images / "based" / "cpu" / "image")
    container = start(layout, "--user", "12345:12345")
    container.wait_until_healthy()
    reply = container.ask(sample_request("detector"))
    assert reply.status_code == 200, container.logs
    # The bright region of the picture.
    assert [shape["points"] for shape in reply.json()] == [[40, 30, 120, 90]]
    # Written by its RUN step, and set by its ENV step.
    look = "import os; print(open('/author').read(), os.environ['AUTHOR'])"
    assert docker("exec", container.id, "/usr/bin/python3.11", "-c", look) == "was here 1"
    config = docker("image", "inspect", "-f", "{{json .Config}}", layout.reference)
    assert json.loads(config)["User"] == "65532:65532"
    # The packages are the same as for every function.
    shared = {layer.digest for layer in standalone.layers}
    assert len(shared & {layer.digest for layer in layout.layers}) >= 2
