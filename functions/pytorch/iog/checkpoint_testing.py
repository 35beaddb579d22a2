"""Checkpoints like the authors', with random weights."""

import json
from pathlib import Path

import torch
from torch import Tensor, nn

from iog.network import InsideOutside


def random_state(seed: int = 0) -> dict[str, Tensor]:
    """Return random weights with which the network's answer depends on its input."""
    torch.manual_seed(seed)
    network = InsideOutside()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)  # type: ignore[union-attr]
            module.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr]
    return network.state_dict()


def write_assets(folder: Path) -> Path:
    """Write the function's assets with a random checkpoint to `folder`; return it."""
    (folder / "weights").mkdir(parents=True)
    torch.save(random_state(), folder / "weights" / "IOG_PASCAL_SBD.pth")
    described = {
        "schema": 1,
        "name": "pth-shiyinzhang-iog",
        "type": "interactor",
        "model": "iog.handler",
    }
    (folder / "model.json").write_text(json.dumps(described))
    return folder
