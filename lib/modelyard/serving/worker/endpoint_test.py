"""The endpoint's checks of a model's results, and its cache."""

import base64
import io
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from modelyard.annotation import AnnotationError, Rectangle, RequestError, Segment, Tag
from modelyard.imaging import Image
from modelyard.inference.device import Device
from modelyard.serving.author.assets import Assets
from modelyard.serving.author.cache import ImageCache
from modelyard.serving.author.model import Clicks
from modelyard.serving.protocol.sample import sample_request
from modelyard.serving.testing.tiny import (
    BrightDetector,
    BrightInteractor,
    OverlapReidentifier,
    write_assets,
)
from modelyard.serving.worker.endpoint import Endpoint, ResultError, above, fitting


def endpoint_of(folder: Path, model: Any) -> Endpoint:
    """Return an endpoint for a model, loaded."""
    assets = Assets.open(write_assets(folder, model.kind))
    model.load(assets, Device())
    return Endpoint(model, assets, ImageCache())


def test_shapes_without_a_score_pass_every_threshold() -> None:
    low = Rectangle("a", (0, 0, 1, 1), confidence=0.49)
    exact = Rectangle("a", (0, 0, 1, 1), confidence=0.5)
    assert above(0.5, [low, exact, Tag("b")]) == [exact, Tag("b")]


def test_a_model_gets_its_own_default_threshold(tmp_path: Path) -> None:
    class Curious(BrightInteractor):
        default_threshold = 0.25
        seen: list[Clicks] = []  # noqa: RUF012 - read after the test

        def segment(self, image: Image, clicks: Clicks) -> Segment:
            self.seen.append(clicks)
            return super().segment(image, clicks)

    model = Curious()
    endpoint = endpoint_of(tmp_path, model)
    endpoint.answer(sample_request("interactor"))
    endpoint.answer(sample_request("interactor")[:-1] + b',"threshold":0.75}')
    assert [clicks.threshold for clicks in model.seen] == [0.25, 0.75]
    assert model.seen[0].box == (40, 30, 120, 90)


def test_clicks_beside_the_image_mean_its_edge(tmp_path: Path) -> None:
    class Curious(BrightInteractor):
        seen: list[Clicks] = []  # noqa: RUF012 - read after the test

        def segment(self, image: Image, clicks: Clicks) -> Segment:
            self.seen.append(clicks)
            return super().segment(image, clicks)

    model = Curious()
    request = json.loads(sample_request("interactor"))
    request["pos_points"] = [[-1e308, 1e308], [160, 30], [12.5, -(2**63)]]
    request["neg_points"] = [[161, -1]]
    request["obj_bbox"] = [[-5, -5], [1e9, 90]]
    # It does not matter whether there is an object at the edge.
    with suppress(RequestError):
        endpoint_of(tmp_path, model).answer(json.dumps(request).encode())
    (clicks,) = model.seen
    # The image has 160x120 pixels.
    pixels = [(int(x), int(y)) for x, y in (*clicks.positive, *clicks.negative)]
    assert pixels == [(0, 119), (159, 30), (12, 0), (159, 0)]
    assert clicks.box == (0, 0, 160, 90)


def test_the_same_picture_is_decoded_once(tmp_path: Path) -> None:
    class Watching(BrightDetector):
        seen: list[Image] = []  # noqa: RUF012 - read after the test

        def detect(self, image: Image, threshold: float) -> Any:
            self.seen.append(image)
            return super().detect(image, threshold)

    model = Watching()
    endpoint = endpoint_of(tmp_path, model)
    for _ in range(2):
        endpoint.answer(sample_request("detector"))
    assert model.seen[0] is model.seen[1]


@pytest.mark.parametrize(
    ("shape", "bounds", "fits"),
    [
        ((30, 40), None, True),
        ((40, 30), None, False),
        ((2, 3), (0, 0, 2, 1), True),
        ((2, 3), (37, 28, 39, 29), True),
        ((2, 3), (38, 28, 40, 29), False),
        ((2, 3), (37, 29, 39, 30), False),
        ((2, 3), (-1, 0, 1, 1), False),
    ],
)
def test_a_mask_must_fit_its_image(shape: Any, bounds: Any, fits: bool) -> None:
    image = Image.from_pixels(np.zeros((30, 40, 3), np.uint8))
    segment = Segment(np.ones(shape, np.bool_), bounds=bounds)
    if fits:
        assert fitting(segment, image) is segment
        return
    with pytest.raises(ResultError, match="for an image of 40x30"):
        fitting(segment, image)


@pytest.mark.parametrize("matches", [[], [0, 0], [1], [-2], ["0"], [0.5]])
def test_matches_must_be_one_to_one(tmp_path: Path, matches: list[Any]) -> None:
    class Wrong(OverlapReidentifier):
        def match(self, *_: Any) -> list[Any]:
            return matches

    endpoint = endpoint_of(tmp_path, Wrong())
    with pytest.raises((AnnotationError, TypeError)):
        endpoint.answer(sample_request("reid"))


def test_an_image_error_keeps_its_status(tmp_path: Path) -> None:
    file = io.BytesIO()
    PIL.Image.new("1", (40_000, 1)).save(file, "PNG")
    body = {"image": base64.b64encode(file.getvalue()).decode()}
    with pytest.raises(RequestError, match=r"^image: ") as caught:
        endpoint_of(tmp_path, BrightDetector()).answer(body)
    assert caught.value.status == 413
