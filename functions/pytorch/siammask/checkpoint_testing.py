"""Checkpoints like the authors', with random weights."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from siammask.network import SiamMask


def random_state(seed: int = 0) -> dict[str, Tensor]:
    """Return random weights, scaled so that scores and boxes are neither flat nor overflow."""
    torch.manual_seed(seed)
    network = SiamMask()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)  # type: ignore[union-attr]
            module.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr]
    state = network.state_dict()
    for name in ("rpn_model.cls.head.3", "rpn_model.loc.head.3", "refine_model.post2"):
        state[f"{name}.weight"] *= 1e-4 if name.startswith("rpn") else 1e-2
    return state


def published(state: dict[str, Tensor]) -> dict[str, Any]:
    """Return what the authors' training program saves of weights."""
    named = {f"module.{name}": tensor for name, tensor in state.items()}
    return {
        "epoch": 20,
        "arch": "Custom",
        "state_dict": named,
        "best_acc": 0.5,
        "anchor_cfg": {"stride": 8, "ratios": [0.33, 0.5, 1, 2, 3], "scales": [8]},
    }


def write_assets(folder: Path) -> Path:
    """Write the function's assets with a random checkpoint to `folder`; return it."""
    (folder / "weights").mkdir(parents=True)
    torch.save(published(random_state()), folder / "weights" / "SiamMask_DAVIS.pth")
    described = {
        "schema": 1,
        "name": "pth-foolwood-siammask",
        "type": "tracker",
        "model": "siammask.handler",
    }
    (folder / "model.json").write_text(json.dumps(described))
    return folder
