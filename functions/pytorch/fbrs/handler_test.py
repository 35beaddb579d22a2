"""The interactor as in a worker: with random weights, and with a planted network."""

import base64
import io
import json
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch
from torch import Tensor

from fbrs import session
from fbrs.handler import FeatureRefinement
from fbrs.session import Predictor, Progress
from fbrs.testing import NearClicks, write_assets
from fbrs.zoom import Click
from modelyard import Assets, Clicks, Device, Image, RequestError
from modelyard.serving.author.cache import ImageCache
from modelyard.serving.worker.endpoint import Endpoint

IMAGE = Image.from_pixels(np.zeros((400, 600, 3), np.uint8))
FIRST, SECOND, THIRD = (200.0, 150.0), (240.0, 170.0), (260.0, 150.0)
AWAY = (400.0, 300.0)


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Assets:
    return write_assets(tmp_path_factory.mktemp("assets") / "fbrs")


@pytest.fixture(scope="module")
def loaded(assets: Assets) -> FeatureRefinement:
    model = FeatureRefinement()
    model.load(assets, Device())
    return model


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> NearClicks:
    # A quarter of the published size, and a sixteenth of the work.
    monkeypatch.setattr(session, "TARGET", 120)
    return NearClicks()


@pytest.fixture
def model(loaded: FeatureRefinement, network: NearClicks, assets: Assets) -> FeatureRefinement:
    """A model with its own cache and the planted network."""
    model = FeatureRefinement()
    model.__dict__.update(loaded.__dict__)
    model._known = type(loaded._known)(model.remembered, lambda progress: progress.nbytes)
    model._predictor = Predictor(network, torch.device("cpu"))
    return model


def picture(mode: str = "RGB") -> str:
    noise = np.random.default_rng(1).integers(0, 256, (48, 64, 3), np.uint8)
    file = io.BytesIO()
    PIL.Image.fromarray(noise).convert(mode).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def ask(model: FeatureRefinement, assets: Assets, **fields: Any) -> Any:
    fields = {"image": picture(), "neg_points": [], "obj_bbox": None, **fields}
    body = json.dumps(fields).encode()
    return json.loads(Endpoint(model, assets, ImageCache()).answer(body))


def segment(model: FeatureRefinement, *positive: Any, negative: Any = (), **more: Any) -> Any:
    return model.segment(IMAGE, Clicks(tuple(positive), tuple(negative), **more)).mask


@pytest.mark.parametrize("mode", ["L", "RGBA"])
def test_the_real_network_answers(loaded: FeatureRefinement, assets: Assets, mode: str) -> None:
    masks = [
        ask(loaded, assets, image=picture(mode), pos_points=[[30, 20]], threshold=0.001)["mask"]
        for _ in range(2)
    ]
    assert np.shape(masks[0]) == (48, 64)
    assert masks[0] == masks[1]


def test_a_second_click_does_not_fail_with_a_current_numpy(
    model: FeatureRefinement, assets: Assets
) -> None:
    reply = ask(model, assets, pos_points=[[30, 20], [40, 30]], neg_points=[[60, 2]])
    assert np.array(reply["mask"]).any()


def test_what_is_near_the_clicks_is_the_object(model: FeatureRefinement) -> None:
    mask = segment(model, FIRST)
    rows, columns = np.nonzero(mask)
    assert (columns.mean(), rows.mean()) == pytest.approx(FIRST, abs=1.5)
    assert mask.sum() == pytest.approx(np.pi * 30**2, rel=0.05)


def test_a_click_off_the_object_takes_it_out(model: FeatureRefinement) -> None:
    x, y = 215, 150
    assert segment(model, FIRST)[y, x]
    refined = segment(model, FIRST, negative=[(float(x), float(y))])
    assert not refined[y, x]


def test_each_click_is_one_step(model: FeatureRefinement, network: NearClicks) -> None:
    segment(model, FIRST)
    segment(model, FIRST, negative=[AWAY])
    segment(model, FIRST, SECOND, negative=[AWAY])
    assert len(network.seen) == 3
    last = segment(model, FIRST, SECOND, THIRD, negative=[AWAY])
    assert len(network.seen) == 4
    assert np.array_equal(segment(model, FIRST, SECOND, THIRD, negative=[AWAY]), last)
    # After an undo.
    segment(model, FIRST, SECOND, negative=[AWAY])
    assert len(network.seen) == 4


def test_all_at_once_is_the_same_as_one_by_one(
    loaded: FeatureRefinement, model: FeatureRefinement, network: NearClicks
) -> None:
    at_once = segment(model, FIRST, SECOND, negative=[AWAY])
    assert len(network.seen) == 3
    model._known = type(loaded._known)(model.remembered, lambda progress: progress.nbytes)
    segment(model, FIRST)
    segment(model, FIRST, SECOND)
    assert np.array_equal(segment(model, FIRST, SECOND, negative=[AWAY]), at_once)


def test_another_image_or_threshold_is_another_object(
    model: FeatureRefinement, network: NearClicks
) -> None:
    segment(model, FIRST)
    segment(model, FIRST, threshold=0.4)
    other = Image.from_pixels(np.ones((400, 600, 3), np.uint8))
    model.segment(other, Clicks((FIRST,)))
    assert len(network.seen) == 3


def test_zoom_in_begins_with_the_second_click(
    model: FeatureRefinement, network: NearClicks
) -> None:
    segment(model, FIRST, SECOND)
    # The mask of 60 pixels and the click 40 pixels away: 200 pixels of the image, scaled to 120.
    assert network.seen == [(400, 600), (120, 120)]


def test_without_a_mask_the_whole_image_is_shown_again(
    model: FeatureRefinement, network: NearClicks
) -> None:
    (x, y) = FIRST
    before = Progress.start(IMAGE.size)
    region = model._predictor.advance(IMAGE.pixels, before, Click(True, y, x), 0.5)
    zoomed = model._predictor.advance(IMAGE.pixels, region, Click(True, y, x + 9), 0.5)
    assert zoomed.region is not None
    empty = Progress(
        zoomed.clicks,
        zoomed.mask,
        np.zeros_like(zoomed.covered),
        zoomed.region,
        zoomed.parameters,
    )
    again = model._predictor.advance(IMAGE.pixels, empty, Click(True, y, x - 9), 0.5)
    # The authors' code would squeeze the whole image's result into the region.
    assert again.region is None
    rows, columns = np.nonzero(again.mask)
    assert (columns.mean(), rows.mean()) == pytest.approx(FIRST, abs=2)


def test_large_images_are_shrunk(model: FeatureRefinement, network: NearClicks) -> None:
    image = Image.from_pixels(np.zeros((1000, 1600, 3), np.uint8))
    mask = model.segment(image, Clicks(((800.0, 500.0), (840.0, 500.0)))).mask
    assert network.seen == [(500, 800), (120, 120)]
    assert mask.shape == (1000, 1600)
    assert mask[500, 800]
    assert mask[500, 840]


def test_only_eight_clicks_are_shown_to_the_network(
    model: FeatureRefinement, monkeypatch: pytest.MonkeyPatch, network: NearClicks
) -> None:
    shown: list[Tensor] = []
    features = network.features

    def noting(images: Tensor, clicks: Tensor) -> Tensor:
        shown.append(clicks)
        return features(images, clicks)

    monkeypatch.setattr(network, "features", noting)
    points = [(200.0 + 2 * index, 150.0) for index in range(10)]
    segment(model, *points)
    # The distance is 0 at each click; all are within one enlarged region.
    assert [int((clicks[0, 0] < 0.02).sum() > 0) for clicks in shown] == [1] * 10
    assert torch.equal(shown[8], shown[7])
    assert torch.equal(shown[9], shown[8])
    assert not torch.equal(shown[7], shown[6])


def test_clicks_beyond_the_image_are_moved_into_it(model: FeatureRefinement) -> None:
    assert segment(model, (-20.0, 1000.0))[399, 0]


@pytest.mark.parametrize("fields", [{"pos_points": []}, {"pos_points": [], "neg_points": [[1, 2]]}])
def test_without_a_click_on_the_object_the_client_is_told(
    model: FeatureRefinement, assets: Assets, fields: dict[str, Any]
) -> None:
    with pytest.raises(RequestError, match="click on the object first") as caught:
        ask(model, assets, **fields)
    assert caught.value.status == 400


def test_the_memory_is_bounded(
    loaded: FeatureRefinement, model: FeatureRefinement, network: NearClicks
) -> None:
    one = 2 * 400 * 600 + 2 * 288 * 8
    model._known = type(loaded._known)(2 * one, lambda progress: progress.nbytes)
    for index in range(4):
        segment(model, (200.0 + index, 150.0))
        assert model._known.held_bytes <= 2 * one
