"""The tracker on every device, with random weights."""

from pathlib import Path

import numpy as np
import pytest
import torch

from modelyard import Assets, Device, Image, Rectangle
from modelyard.inference.testing.devices import CPU, assert_agrees, each_device
from modelyard.inference.torch_device import running, torch_device
from siammask.handler import SiamMaskTracker
from siammask.testing import write_assets

BOXES = [Rectangle("", (30, 20, 70, 60)), Rectangle("", (80, 10, 140, 100))]


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Assets:
    return write_assets(Path(tmp_path_factory.mktemp("assets")) / "siammask")


def loaded(assets: Assets, device: Device) -> SiamMaskTracker:
    model = SiamMaskTracker()
    model.load(assets, device)
    return model


def noise(seed: int) -> Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (120, 160, 3), np.uint8)
    return Image.from_pixels(pixels)


@each_device
def test_objects_look_the_same_and_are_followed(assets: Assets, device: Device) -> None:
    model = loaded(assets, device)
    states = model.start_all(noise(1), BOXES)
    for state, expected in zip(states, loaded(assets, CPU).start_all(noise(1), BOXES), strict=True):
        seen, wanted = (torch.from_numpy(s.features()) for s in (state, expected))
        assert_agrees(seen, wanted, device)
    for shape, state in model.step_all(noise(2), states):
        assert isinstance(shape, Rectangle)
        assert 0 <= state.x <= 160
        assert 0 <= state.y <= 120


@each_device
def test_scores_boxes_and_masks_agree(assets: Assets, device: Device) -> None:
    images = torch.rand(2, 3, 255, 255, generator=torch.Generator().manual_seed(0)) * 255
    answers = {}
    for where in (CPU, device):
        model = loaded(assets, where)
        given, places = (t.to(torch_device(where)) for t in (images, torch.tensor([3, 20])))
        with running(where):
            templates = model._network.template(given[:, :, :127, :127])
            found = model._network.search(templates, given)
            mask = model._network.refine(found, places, places)
        answers[where] = (found.scores, found.boxes, mask)
    for answer, expected in zip(answers[device], answers[CPU], strict=True):
        assert_agrees(answer, expected, device)
