"""A function of each other type, confined in a container, on the sample picture."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from image_suite.conftest import PYTHON, Container, docker, loaded
from modelyard.annotation import replies
from modelyard.inference.boxes import iou_matrix
from modelyard.serving.protocol.sample import HEIGHT, WIDTH, sample_request
from modelyard_tools.images.layout import Layout
from modelyard_tools.images.shipping.engine import Engine

SIZE = (WIDTH, HEIGHT)
# The bright rectangle in the sample picture.
BOX = (40, 30, 120, 90)
# weights, lib and srcs are specific to a function; below are base, server and packages.
OWN = 3

Ask = Callable[[str, bytes], Any]


@pytest.fixture
def ask(images: Path, start: Callable[..., Container]) -> Ask:
    """Send bodies to a function, which is started in a container for the first of them."""
    containers: dict[str, Container] = {}

    def ask(function: str, body: bytes) -> Any:
        if function not in containers:
            layout = loaded(images / function / "cpu" / "image")
            containers[function] = start(layout, "--user", "12345:12345")
            containers[function].wait_until_healthy()
        reply = containers[function].ask(body)
        assert reply.status_code == 200, containers[function].logs
        return reply.json()

    return ask


def test_an_interactor_cuts_out_what_is_clicked_at(ask: Ask) -> None:
    mask = replies.segment(ask("sam", sample_request("interactor")), SIZE)
    wanted = np.zeros_like(mask)
    wanted[BOX[1] : BOX[3], BOX[0] : BOX[2]] = True
    assert (mask & wanted).sum() / (mask | wanted).sum() > 0.9


def test_a_reidentifier_finds_what_has_not_changed(ask: Ask) -> None:
    assert replies.matches(ask("person-reid", sample_request("reid")), 1, 1) == [0]


def test_a_large_package_is_in_the_images_of_those_who_import_it(
    standalone: Layout, images: Path, start: Callable[..., Container]
) -> None:
    modules = "scipy.ndimage, scipy.optimize, scipy.signal"
    with_it = start(loaded(images / "person-reid" / "cpu" / "image"))
    docker("exec", with_it.id, PYTHON, "-c", f"import {modules}")
    find = "import importlib.util as u; print(u.find_spec('scipy'))"
    assert docker("exec", start(standalone).id, PYTHON, "-c", find) == "None"


def test_a_tracker_stays_on_what_does_not_move(images: Path, ask: Ask) -> None:
    if not (images / "nanotrack" / "cpu" / "image").exists():
        pytest.skip("nanotrack is not packaged; its weights come from MODELYARD_WEIGHTS_MIRROR")
    body = json.loads(sample_request("tracker"))
    _, body["states"] = replies.tracked(ask("nanotrack", json.dumps(body).encode()), 1, SIZE)
    (shape,), _ = replies.tracked(ask("nanotrack", json.dumps(body).encode()), 1, SIZE)
    assert iou_matrix(np.array([shape]), np.array([BOX]))[0, 0] > 0.7


def test_the_next_function_costs_its_own_layers_only(standalone: Layout, images: Path) -> None:
    sam = Layout.read(images / "sam" / "cpu" / "image")
    same = [
        first.digest == second.digest
        for first, second in zip(standalone.layers, sam.layers, strict=True)
    ]
    assert all(same[:-OWN])
    assert not same[-1]
    # The number of layers missing in an engine that has the first image.
    assert Engine().load(sam, [sam.reference]) <= OWN
