"""The interactor on every device, with random weights."""

import numpy as np
import pytest
import torch

from fbrs import session
from fbrs.handler import FeatureRefinement
from fbrs.session import Predictor
from fbrs.testing import NearClicks, write_assets
from modelyard import Assets, Clicks, Device, Image
from modelyard.inference.testing.devices import CPU, assert_agrees, each_device
from modelyard.inference.torch_device import running, torch_device

IMAGE = Image.from_pixels(np.zeros((400, 600, 3), np.uint8))
CLICKS = Clicks(((200.0, 150.0), (240.0, 170.0)), ((400.0, 300.0),))


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Assets:
    return write_assets(tmp_path_factory.mktemp("assets") / "fbrs")


def loaded(assets: Assets, device: Device) -> FeatureRefinement:
    model = FeatureRefinement()
    model.load(assets, device)
    return model


@each_device
def test_logits_agree(assets: Assets, device: Device) -> None:
    generator = torch.Generator().manual_seed(0)
    images, clicks = torch.rand(1, 3, 64, 96, generator=generator), torch.zeros(1, 2, 64, 96)
    answers = {}
    for where in (CPU, device):
        network = loaded(assets, where)._predictor._network
        with running(where, half=False):
            given = (images.to(torch_device(where)), clicks.to(torch_device(where)))
            answers[where] = network(*given)
    assert_agrees(answers[device], answers[CPU], device)


@each_device
def test_clicks_are_optimised_to_the_same_mask(
    assets: Assets, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a planted network, because a random one finds no object."""
    monkeypatch.setattr(session, "TARGET", 120)
    masks = {}
    for where in (CPU, device):
        model = loaded(assets, where)
        model._predictor = Predictor(NearClicks(), torch_device(where))
        masks[where] = model.segment(IMAGE, CLICKS).mask
    assert 0 < masks[CPU].mean() < 0.5
    assert (masks[device] != masks[CPU]).mean() < 0.01
