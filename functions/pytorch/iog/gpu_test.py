"""The interactor on every device, with random weights and a small input."""

import numpy as np
import pytest
import torch

from iog import guidance
from iog.handler import InsideOutsideGuidance
from iog.testing import write_assets
from modelyard import Assets, Clicks, Device, Image
from modelyard.inference.testing.devices import CPU, assert_agrees, each_device
from modelyard.inference.torch_device import running, torch_device


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Assets:
    return write_assets(tmp_path_factory.mktemp("assets") / "iog")


def loaded(assets: Assets, device: Device) -> InsideOutsideGuidance:
    model = InsideOutsideGuidance()
    model.load(assets, device)
    return model


@each_device
def test_logits_agree(assets: Assets, device: Device) -> None:
    images = torch.rand(1, 5, 64, 64, generator=torch.Generator().manual_seed(0)) * 255
    answers = {}
    for where in (CPU, device):
        with running(where):
            answers[where] = loaded(assets, where)._network(images.to(torch_device(where)))
    assert_agrees(answers[device], answers[CPU], device)


@each_device
def test_a_mask_is_as_large_as_the_image(
    assets: Assets, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guidance, "SIDE", 64)
    pixels = np.random.default_rng(1).integers(0, 256, (120, 160, 3), np.uint8)
    clicks = Clicks(((80.0, 60.0),), ((10.0, 10.0),), box=(40.0, 30.0, 120.0, 90.0))
    found = loaded(assets, device).segment(Image.from_pixels(pixels), clicks)
    assert found.mask.shape == (120, 160)
