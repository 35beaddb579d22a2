"""The detectron2 functions on random checkpoints in the published format."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch

from faster_rcnn_r50.handler import FasterRCNN
from keypoint_rcnn_r50.handler import KeypointRCNN
from mask_rcnn_r50.handler import MaskRCNN
from modelyard.annotation import Mask, Rectangle, Shape, Skeleton
from modelyard.imaging import Image
from modelyard.inference.device import Device
from modelyard.models.detectron2 import detector
from modelyard.models.detectron2.detector import Detectron2
from modelyard.models.detectron2.testing.checkpoints import write_assets
from modelyard.models.detectron2.zoo import open_configuration
from modelyard.serving.author.assets import Assets
from modelyard.serving.protocol.sample import sample_request
from modelyard.serving.worker.nuclio import open_endpoint
from panoptic_fpn_r50.handler import PanopticFPN

LABELS = Path("lib/modelyard/annotation/labels")
FUNCTIONS: dict[type[Detectron2], tuple[str, type]] = {
    FasterRCNN: ("coco_91", Rectangle),
    MaskRCNN: ("coco_91_masks", Mask),
    KeypointRCNN: ("coco_person_joints", Skeleton),
    PanopticFPN: ("coco_133_panoptic", Mask),
}


class Case:
    """A function on a random checkpoint, with images small enough for a test."""

    def __init__(self, function: type[Detectron2], folder: Path) -> None:
        labels, self.shape = FUNCTIONS[function]
        spec = json.loads((LABELS / f"{labels}.json").read_text())
        self.assets: Assets = write_assets(folder, function.config, function.__module__, spec)
        self.model = function()
        self.model.load(self.assets, Device())
        self.image = _image()
        self.everything: list[Shape] = list(self.model.detect(self.image, 0.0))


@pytest.fixture(scope="module", params=FUNCTIONS, ids=lambda function: function.__name__)
def case(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detector, "open_configuration", _small)
        patch.setenv("MODELYARD_THREADS", "1")
        yield Case(request.param, tmp_path_factory.mktemp("assets") / "function")
    torch.set_num_threads(threads)


def test_there_are_shapes_of_the_labels_kind_in_the_image(case: Case) -> None:
    assert len(case.everything) >= 3
    assert {type(shape) for shape in case.everything} == {case.shape}
    for shape in case.everything:
        label = case.assets.labels.by_name(shape.label)
        assert label.accepts(shape.kind)
        for x, y in _corners(shape):
            # A joint is the centre of a cell in a grid that may extend slightly beyond the box.
            slack = 1 if case.shape is Skeleton else 0
            assert -slack <= x <= case.image.width + slack
            assert -slack <= y <= case.image.height + slack


def test_scores_fall(case: Case) -> None:
    scores = [shape.confidence for shape in case.everything if shape.confidence is not None]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) >= 2


def test_a_low_threshold_is_honoured_to_the_score(case: Case) -> None:
    """With one object's score as threshold, that object stays and worse ones are dropped."""
    if isinstance(case.model, PanopticFPN):
        pytest.skip("worse objects also cover better ones' places there")
    scores = [shape.confidence or 0 for shape in case.everything]
    threshold = scores[len(scores) // 2]
    assert threshold < 0.5
    found = list(case.model.detect(case.image, threshold))
    assert [shape.confidence for shape in found] == [s for s in scores if s >= threshold]


def test_a_threshold_of_1_leaves_what_has_no_score(case: Case) -> None:
    """These are a panoptic network's background regions."""
    found = list(case.model.detect(case.image, 1.0))
    assert {shape.confidence for shape in found} <= {None}
    assert bool(found) == isinstance(case.model, PanopticFPN)


def test_answers_repeat(case: Case) -> None:
    again = list(case.model.detect(case.image, 0.0))
    assert [shape.confidence for shape in again] == [s.confidence for s in case.everything]
    assert [_corners(shape) for shape in again] == [_corners(s) for s in case.everything]


def test_cvats_request_is_answered(case: Case) -> None:
    environment = {"MODELYARD_ASSETS": str(case.assets.path), "MODELYARD_THREADS": "1"}
    endpoint = open_endpoint(environment)
    body = {**json.loads(sample_request("detector")), "threshold": 0.001}
    reply: list[dict[str, Any]] = json.loads(endpoint.answer(json.dumps(body)))
    assert reply
    for item in reply:
        assert item["type"] == case.shape.kind  # type: ignore[attr-defined]
        assert item["label"] in case.assets.labels
        if item["type"] == "skeleton":
            names = [element["label"] for element in item["elements"]]
            assert names == [joint.name for joint in case.assets.labels.by_name("person").sublabels]


def _small(name: str) -> Any:
    """Open a configuration with limits for fast tests, and for small images."""
    configuration = open_configuration(name)
    configuration.INPUT.MIN_SIZE_TEST = 64
    configuration.MODEL.RPN.POST_NMS_TOPK_TEST = 100
    configuration.TEST.DETECTIONS_PER_IMAGE = 12
    configuration.MODEL.PANOPTIC_FPN.COMBINE.STUFF_AREA_LIMIT = 20
    return configuration


def _image() -> Image:
    """Smooth noise, 90x60."""
    noise = np.random.default_rng(3).integers(0, 256, (8, 12, 3), np.uint8)
    return Image.from_pixels(np.asarray(PIL.Image.fromarray(noise).resize((90, 60))))


def _corners(shape: Shape) -> list[tuple[float, float]]:
    match shape:
        case Rectangle():
            return [shape.box[:2], shape.box[2:]]
        case Mask():
            height, width = shape.bitmap.shape
            return [(shape.left, shape.top), (shape.left + width, shape.top + height)]
        case Skeleton():
            return [element.point for element in shape.elements]
    raise TypeError(type(shape).__name__)
