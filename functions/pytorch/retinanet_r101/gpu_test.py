"""The detector on every device, with random weights."""

from pathlib import Path

import numpy as np
import pytest
import torch

from modelyard import Assets, Device, Image
from modelyard.inference.testing.devices import assert_agrees, each_device
from modelyard.inference.torch_device import running, torch_device
from retinanet_r101.handler import RetinaNetR101


@each_device
def test_every_device_sees_the_same(model: RetinaNetR101, folder: Path, device: Device) -> None:
    found = RetinaNetR101()
    found.load(Assets.open(folder), device)
    found.warm_up()
    pixels = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(0)) * 50
    with running(device):
        answers = found._network(pixels.to(torch_device(device)))
        expected = model._network(pixels)
    for answer, wanted in zip(answers, expected, strict=True):
        assert_agrees(answer, wanted, device)
    noise = np.random.default_rng(3).integers(0, 256, (70, 90, 3), np.uint8)
    image = Image.from_pixels(noise)
    best, wanted_best = (each.detect(image, 0.05)[0].confidence for each in (found, model))
    assert best == pytest.approx(wanted_best, abs=0.02)
