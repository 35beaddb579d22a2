"""Checkpoints in the authors' format, with random weights, and a small fake network."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from fbrs.network import FEATURES, ClickNetwork, scaled
from modelyard import Assets
from modelyard.inference.testing.random_weights import random_state
from modelyard.serving.testing.checkpoints import checkpoint_assets


def write_assets(folder: Path) -> Assets:
    """Write the function's assets with a random checkpoint to `folder`; return them."""
    state, file = random_state(ClickNetwork), "resnet101_dh256_sbd.pth"
    return checkpoint_assets(folder, "fbrs.handler", "interactor", file, state)


class NearClicks(ClickNetwork):
    """Predicts pixels within 30 pixels of a positive click as the object; counts its calls."""

    def __init__(self) -> None:
        """Need no weights."""
        nn.Module.__init__(self)
        self.seen: list[tuple[int, int]] = []

    def features(self, images: Tensor, clicks: Tensor) -> Tensor:
        """Return the pixels' proximity to positive clicks, on all channels."""
        self.seen.append((images.shape[2], images.shape[3]))
        near = functional.avg_pool2d(
            torch.atanh(clicks[:, :1].clamp(max=0.999)) * 130, 4, ceil_mode=True
        )
        return (30 - near).div(10 * FEATURES**0.5).expand(-1, FEATURES, -1, -1)

    def logits(self, features: Tensor, size: tuple[int, int]) -> Tensor:
        """Return the sum of the channels, which amplifies small changes in all of them."""
        return scaled(features.sum(1, keepdim=True) / FEATURES**0.5, size)
