"""The interactor as in a worker, with random weights and a small input."""

import base64
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch
from torch import Tensor

from iog import guidance
from iog.handler import InsideOutsideGuidance, box_and_outside
from iog.network import InsideOutside
from iog.testing import write_assets
from modelyard import Assets, Clicks, Device, Image, RequestError
from modelyard.inference.testing.random_weights import random_state
from modelyard.serving.author.cache import ImageCache
from modelyard.serving.testing.checkpoints import checkpoint_assets
from modelyard.serving.worker.endpoint import Endpoint

BOX = [[40, 30], [120, 90]]


@pytest.fixture(scope="module")
def loaded(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Assets, InsideOutsideGuidance]]:
    assets = write_assets(tmp_path_factory.mktemp("assets") / "iog")
    model = InsideOutsideGuidance()
    model.load(assets, Device())
    with pytest.MonkeyPatch.context() as patch:
        # The network takes any size; the trained size takes seconds.
        patch.setattr(guidance, "SIDE", 64)
        yield assets, model


@pytest.fixture
def model(loaded: tuple[Assets, InsideOutsideGuidance]) -> InsideOutsideGuidance:
    return loaded[1]


@pytest.fixture
def endpoint(loaded: tuple[Assets, InsideOutsideGuidance]) -> Endpoint:
    assets, model = loaded
    return Endpoint(model, assets, ImageCache())


@pytest.fixture
def answer(
    model: InsideOutsideGuidance, monkeypatch: pytest.MonkeyPatch
) -> Callable[[float], list[Tensor]]:
    """Make the network's output constant, and record its inputs."""

    def say(logit: float) -> list[Tensor]:
        seen: list[Tensor] = []

        def network(images: Tensor) -> Tensor:
            seen.append(images)
            return torch.full_like(images[:, :1], logit)

        monkeypatch.setattr(model, "_network", network)
        return seen

    return say


def picture(mode: str = "RGB") -> str:
    noise = np.random.default_rng(1).integers(0, 256, (120, 160, 3), np.uint8)
    file = io.BytesIO()
    PIL.Image.fromarray(noise).convert(mode).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def ask(endpoint: Endpoint, **fields: Any) -> Any:
    fields = {"image": picture(), "pos_points": [[80, 60]], "neg_points": [], **fields}
    return json.loads(endpoint.answer(json.dumps(fields).encode()))


@pytest.mark.parametrize("mode", ["P", "RGBA"])
def test_the_mask_covers_the_image(endpoint: Endpoint, mode: str) -> None:
    fields = {"image": picture(mode), "obj_bbox": BOX, "threshold": 1e-6}
    mask = np.array(ask(endpoint, **fields)["mask"])
    assert mask.shape == (120, 160)
    assert set(np.unique(mask)) <= {0, 1}
    assert np.array_equal(mask, ask(endpoint, **fields)["mask"])


def test_only_the_box_and_its_margin_can_be_the_object(
    endpoint: Endpoint, answer: Callable[[float], list[Tensor]]
) -> None:
    answer(5.0)
    mask = np.array(ask(endpoint, obj_bbox=[[60, 50], [100, 70]])["mask"])
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    assert (columns[0], rows[0], columns[-1], rows[-1]) == (30, 20, 129, 99)


def test_the_threshold_is_one_of_probabilities(
    endpoint: Endpoint, answer: Callable[[float], list[Tensor]]
) -> None:
    # A logit of 0.7 is a probability of 0.668: a threshold of 0.8 on logits would pass it too.
    answer(0.7)
    assert ask(endpoint, obj_bbox=BOX, threshold=0.66)
    assert ask(endpoint, obj_bbox=BOX)
    with pytest.raises(RequestError) as caught:
        ask(endpoint, obj_bbox=BOX, threshold=0.69)
    assert caught.value.status == 422


def test_the_network_is_shown_the_crop_and_the_clicks(
    model: InsideOutsideGuidance, answer: Callable[[float], list[Tensor]]
) -> None:
    seen = answer(5.0)
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[..., 0] = 200
    # The 4x4 box with its margin of 30 maps each pixel to one of the input's 64.
    clicks = Clicks(positive=((32.5, 33.5),), negative=((10.5, 50.5),), box=(30, 30, 34, 34))
    model.segment(Image.from_pixels(pixels), clicks)
    (shown,) = seen
    assert shown.shape == (1, 5, 64, 64)
    assert shown[0, :3].amax((1, 2)).tolist() == [200, 0, 0]
    inside, outside = shown[0, 3], shown[0, 4]
    assert inside[33, 32] == 255
    assert outside[50, 10] == 255
    for x, y in ((20, 20), (20, 43), (43, 20), (43, 43)):
        assert outside[y, x] == 255


def test_box_corners_may_come_in_any_order(
    endpoint: Endpoint, answer: Callable[[float], list[Tensor]]
) -> None:
    seen = answer(5.0)
    ask(endpoint, obj_bbox=BOX)
    ask(endpoint, obj_bbox=[[120, 30], [40, 90]])
    assert seen[0].equal(seen[1])


def test_cvat_1_4_sends_the_box_as_clicks_off_the_object(
    endpoint: Endpoint, answer: Callable[[float], list[Tensor]]
) -> None:
    seen = answer(5.0)
    ask(endpoint, obj_bbox=BOX)
    missing: dict[str, Any]
    for missing in ({}, {"obj_bbox": None}, {"obj_bbox": []}):
        ask(endpoint, neg_points=BOX, **missing)
        assert seen[-1].equal(seen[0])


@pytest.mark.parametrize("missing", [{}, {"obj_bbox": None}, {"obj_bbox": []}])
@pytest.mark.parametrize("negative", [[], [[3, 4]], [[3, 4], [3, 90]]])
def test_without_any_box_the_client_is_told(
    endpoint: Endpoint, missing: dict[str, Any], negative: list[Any]
) -> None:
    with pytest.raises(RequestError, match="draw a box around the object") as caught:
        ask(endpoint, neg_points=negative, **missing)
    assert caught.value.status == 400


def test_a_box_beyond_the_image_is_the_clients_fault(endpoint: Endpoint) -> None:
    with pytest.raises(RequestError, match="the box is outside the 160x120 image") as caught:
        ask(endpoint, obj_bbox=[[200, 10], [300, 50]])
    assert caught.value.status == 400


def test_without_clicks_the_middle_of_the_box_stands_for_one(
    endpoint: Endpoint, answer: Callable[[float], list[Tensor]]
) -> None:
    seen = answer(5.0)
    ask(endpoint, obj_bbox=BOX, pos_points=[])
    ask(endpoint, obj_bbox=BOX, pos_points=[[80, 60]])
    assert seen[0].equal(seen[1])


def test_clicks_with_a_box_stay_clicks() -> None:
    clicks = Clicks(positive=((5, 5),), negative=((1, 2), (8, 9)), box=(0, 0, 10, 10))
    assert box_and_outside(clicks) == ((0, 0, 10, 10), ((1, 2), (8, 9)))


def test_a_checkpoint_of_a_training_run_is_read_too(tmp_path: Path) -> None:
    state = random_state(InsideOutside, seed=3)
    named = {f"module.{name}": tensor for name, tensor in state.items()}
    content = {"epoch": 9, "state_dict": named}
    model = InsideOutsideGuidance()
    folder = tmp_path / "iog"
    model.load(
        checkpoint_assets(folder, "iog.handler", "interactor", "IOG_PASCAL_SBD.pth", content),
        Device(),
    )
    loaded = model._network.state_dict()
    assert all(loaded[name].equal(tensor) for name, tensor in state.items())
