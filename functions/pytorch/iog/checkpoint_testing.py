"""Checkpoints like the authors', with random weights."""

from pathlib import Path

import torch

from inference.testing.random_weights import random_state
from iog.network import InsideOutside
from serving.assets import Assets
from serving.testing.assets import planted_assets


def write_assets(folder: Path) -> Assets:
    """Write the function's assets with a random checkpoint to `folder`; return them."""
    (folder / "weights").mkdir(parents=True)
    torch.save(random_state(InsideOutside), folder / "weights" / "IOG_PASCAL_SBD.pth")
    return planted_assets(folder, "iog.handler", "interactor")
