"""Checkpoints like the authors', with random weights, and a small network in place of the real."""

import json
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from fbrs.network import FEATURES, ClickNetwork, scaled


def random_state(seed: int = 0) -> dict[str, Tensor]:
    """Return random weights with which the network's answer depends on its input."""
    torch.manual_seed(seed)
    network = ClickNetwork()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)  # type: ignore[union-attr]
            module.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr]
    return network.state_dict()


def write_assets(folder: Path) -> Path:
    """Write the function's assets with a random checkpoint to `folder`; return it."""
    (folder / "weights").mkdir(parents=True)
    torch.save(random_state(), folder / "weights" / "resnet101_dh256_sbd.pth")
    described = {
        "schema": 1,
        "name": "pth-saic-vul-fbrs",
        "type": "interactor",
        "model": "fbrs.handler",
    }
    (folder / "model.json").write_text(json.dumps(described))
    return folder


class NearClicks(ClickNetwork):
    """Takes for the object what is closer than 30 pixels to a click on it; counts its calls."""

    def __init__(self) -> None:
        """Need no weights."""
        nn.Module.__init__(self)
        self.seen: list[tuple[int, int]] = []

    def features(self, images: Tensor, clicks: Tensor) -> Tensor:
        """Return how near the pixels are to clicks on the object, on all channels."""
        self.seen.append((images.shape[2], images.shape[3]))
        near = functional.avg_pool2d(
            torch.atanh(clicks[:, :1].clamp(max=0.999)) * 130, 4, ceil_mode=True
        )
        return (30 - near).div(10 * FEATURES**0.5).expand(-1, FEATURES, -1, -1)

    def logits(self, features: Tensor, size: tuple[int, int]) -> Tensor:
        """Return the sum of the channels, which small changes of all of them move far."""
        return scaled(features.sum(1, keepdim=True) / FEATURES**0.5, size)
