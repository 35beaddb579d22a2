"""Checkpoints in the authors' format, with random weights."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from torch import Tensor

from modelyard import Assets
from modelyard.inference.testing import random_weights
from modelyard.serving.testing.checkpoints import checkpoint_assets
from siammask.network import SiamMask


def random_state(seed: int = 0) -> dict[str, Tensor]:
    """Return random weights, scaled so that scores and boxes are neither flat nor overflow."""
    state = random_weights.random_state(SiamMask, seed)
    for name in ("rpn_model.cls.head.3", "rpn_model.loc.head.3", "refine_model.post2"):
        state[f"{name}.weight"] *= 1e-4 if name.startswith("rpn") else 1e-2
    return state


def published(state: dict[str, Tensor]) -> dict[str, Any]:
    """Return weights in the format of the authors' training program."""
    named = {f"module.{name}": tensor for name, tensor in state.items()}
    return {
        "epoch": 20,
        "arch": "Custom",
        "state_dict": named,
        "best_acc": 0.5,
        "anchor_cfg": {"stride": 8, "ratios": [0.33, 0.5, 1, 2, 3], "scales": [8]},
    }


def write_assets(folder: Path, params: Mapping[str, Any] = MappingProxyType({})) -> Assets:
    """Write the function's assets with a random checkpoint and `params` to `folder`."""
    content, file = published(random_state()), "SiamMask_DAVIS.pth"
    return checkpoint_assets(folder, "siammask.handler", "tracker", file, content, params)
