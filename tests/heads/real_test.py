"""Two networks with their real weights on photographs, each with only a head.

Their outputs differ in form: boxes and scores of every anchor, and the best boxes only.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.inference.boxes import iou_matrix
from modelyard.serving.author.assets import Assets
from modelyard.serving.testing.functions import file_of, load_function, request
from modelyard.serving.worker.function import Function
from samples.assets import assets_named_by

Seen = list[tuple[str, float, Any]]

# Scores and boxes recorded when the weights first ran, with other conversions.
COCO: dict[str, Seen] = {
    "chelsea.png": [("cat", 0.934, (1, 2, 401, 297))],
    "coffee.png": [("cup", 0.962, (173, 21, 413, 249)), ("dining table", 0.778, None)],
    "astronaut.png": [("person", 0.678, (22, 8, 368, 486))],
    "motorcycle_left.png": [("motorcycle", 0.983, (91, 52, 692, 461))],
    "rocket.jpg": [],
}
PEDESTRIAN: dict[str, Seen] = {
    "astronaut.png": [("person", 0.92, None)],
    "camera.png": [("person", 0.992, None)],
    "chelsea.png": [],
    "coffee.png": [],
}


def function(folder: Path, variable: str, **head: Any) -> Function:
    """The function of that head, with the weights and labels of another function's assets."""
    other = assets_named_by(variable).path.absolute()
    (folder / "weights").symlink_to(other / "weights")
    description = json.loads((other / "model.json").read_text())
    description |= {"model": "modelyard.models.heads:HeadDetector", **head}
    (folder / "model.json").write_text(json.dumps(description))
    return load_function(Assets.open(folder))


@pytest.fixture(scope="module")
def coco(tmp_path_factory: pytest.TempPathFactory) -> Function:
    options = {"input_size": [300, 300], "boxes": "yxyx", "first_id": 1, "nms_threshold": 0.6}
    folder = tmp_path_factory.mktemp("coco")
    return function(folder, "MODELYARD_TEST_COCO", head="ssd", head_options=options)


@pytest.fixture(scope="module")
def pedestrian(tmp_path_factory: pytest.TempPathFactory) -> Function:
    options = {"input_size": [300, 300], "boxes": "yxyx"}
    folder = tmp_path_factory.mktemp("pedestrian")
    return function(folder, "MODELYARD_TEST_PEDESTRIAN", head="ssd", head_options=options)


def check(function: Function, name: str, seen: Seen) -> None:
    reply = function.handle(request(file_of(name), threshold=0.5))
    assert reply.status == 200
    found = json.loads(reply.body)
    assert [item["label"] for item in found] == [label for label, _, _ in seen]
    for item, (_, score, box) in zip(found, seen, strict=True):
        assert item["type"] == "rectangle"
        assert item["confidence"] == pytest.approx(score, abs=0.02)
        if box is not None:
            assert iou_matrix(np.array([item["points"]]), np.array([box]))[0, 0] >= 0.9


@pytest.mark.parametrize("name", COCO)
def test_boxes_of_every_anchor(coco: Function, name: str) -> None:
    check(coco, name, COCO[name])


@pytest.mark.parametrize("name", PEDESTRIAN)
def test_best_boxes_only(pedestrian: Function, name: str) -> None:
    check(pedestrian, name, PEDESTRIAN[name])
