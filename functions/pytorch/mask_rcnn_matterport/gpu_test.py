"""The detector on a graphics card, where there is one."""

from pathlib import Path

import numpy as np
import pytest
import torch

from imaging import Image
from inference.device import Device
from mask_rcnn_matterport.handler import MatterportMaskRCNN
from serving.assets import Assets


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a graphics card")
def test_a_graphics_card_sees_the_same(model: MatterportMaskRCNN, folder: Path) -> None:
    card = MatterportMaskRCNN()
    card.load(Assets.open(folder), Device("cuda"))
    card.warm_up()
    pixels = np.random.default_rng(3).integers(0, 256, (70, 90, 3), np.uint8)
    image = Image.from_pixels(pixels)
    best = card.detect(image, 0.0)[0]
    assert best.confidence == pytest.approx(model.detect(image, 0.0)[0].confidence, abs=0.02)
