"""The sample requests are valid CVAT requests."""

import io
import json

import numpy as np
import PIL.Image
import pytest

from modelyard.annotation import parse_detector, parse_interactor, parse_reid, parse_tracker
from modelyard.serving.protocol.sample import HEIGHT, WIDTH, sample_png, sample_request
from modelyard_contract.function_types import FUNCTION_TYPES


def test_the_image_is_as_documented() -> None:
    with PIL.Image.open(io.BytesIO(sample_png())) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (WIDTH, HEIGHT))
        bright = np.argwhere(np.asarray(image).max(axis=2) > 128)
    assert (bright.min(axis=0).tolist(), bright.max(axis=0).tolist()) == ([30, 40], [89, 119])


def test_every_request_is_valid_for_its_type() -> None:
    assert parse_detector(sample_request("detector")).image == sample_png()
    interactor = parse_interactor(sample_request("interactor"))
    assert len(interactor.positive) == 4
    assert interactor.box == (40, 30, 120, 90)
    tracker = parse_tracker(sample_request("tracker"))
    assert (len(tracker.shapes), tracker.states) == (1, (None,))
    reid = parse_reid(sample_request("reid"))
    assert len(reid.boxes0) == len(reid.boxes1) == 1


@pytest.mark.parametrize("kind", FUNCTION_TYPES)
def test_requests_are_small_and_always_the_same(kind: str) -> None:
    assert sample_request(kind) == sample_request(kind)
    assert len(sample_request(kind)) < 8192
    assert "image" in json.loads(sample_request(kind)) or kind == "reid"


def test_an_unknown_type_is_named() -> None:
    with pytest.raises(ValueError, match="'classifier'; known types: detector, "):
        sample_request("classifier")
