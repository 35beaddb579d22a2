"""The assets that Pants packaged for a test."""

import os
from pathlib import Path

import pytest

from modelyard.serving.author.assets import Assets


def assets_named_by(variable: str) -> Assets:
    """Open the assets in the folder named by an environment variable.

    Skips the test if the folder has no weights: they could not be fetched, and the build warned
    with the reason.
    """
    folder = os.environ.get(variable)
    if not folder:
        pytest.fail(f"{variable} must name the folder of a function's assets")
    assets = Assets.open(Path(folder))
    if not (assets.path / "weights").is_dir():
        pytest.skip(
            f"{assets.name} is blocked: its weights could not be fetched from their author. Set "
            "MODELYARD_WEIGHTS_MIRROR to a folder that contains them"
        )
    return assets
