"""Checkpoints in the authors' format, with random weights."""

from pathlib import Path

from iog.network import InsideOutside
from modelyard import Assets
from modelyard.inference.testing.random_weights import random_state
from modelyard.serving.testing.checkpoints import checkpoint_assets


def write_assets(folder: Path) -> Assets:
    """Write the function's assets with a random checkpoint to `folder`; return them."""
    state = random_state(InsideOutside)
    return checkpoint_assets(folder, "iog.handler", "interactor", "IOG_PASCAL_SBD.pth", state)
