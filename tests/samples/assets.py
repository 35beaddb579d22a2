"""The assets that Pants packaged for a test."""

import os
from pathlib import Path

import pytest

from modelyard.serving.author.assets import Assets


def assets_named_by(variable: str) -> Assets:
    """Open the assets whose folder an environment variable names.

    Skips the test where the folder came without weights: they could not be had, which the build
    warned of, with the reason.
    """
    folder = os.environ.get(variable)
    if not folder:
        pytest.fail(f"{variable} must name the folder of a function's assets")
    assets = Assets.open(Path(folder))
    if not (assets.path / "weights").is_dir():
        pytest.skip(
            f"{assets.name} is blocked: its weights could not be had from their author. Set "
            "MODELYARD_WEIGHTS_MIRROR to a folder that holds them"
        )
    return assets
