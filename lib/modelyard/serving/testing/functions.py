"""Helpers for tests of functions with real weights.

MODELYARD_TEST_ASSETS names the folder of the function's assets: `model.json`, and the weights
under `weights/`. The photographs are from the package scikit-image.
"""

import base64
import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from modelyard.imaging import Image, decode
from modelyard.serving.author.assets import Assets
from modelyard.serving.protocol.messages import Event
from modelyard.serving.worker.function import Function
from modelyard_contract import variables
from modelyard_contract.nuclio import DEFAULT_HANDLER

ASSETS = "MODELYARD_TEST_ASSETS"


def open_assets() -> Assets:
    """Return the assets of the function under test; without them the test fails."""
    folder = os.environ.get(ASSETS)
    if not folder:
        pytest.fail(f"{ASSETS} must name the folder of the function's assets")
    return Assets.open(Path(folder))


def file_of(name: str) -> bytes:
    """Return a file of scikit-image's data."""
    return files("skimage.data").joinpath(name).read_bytes()


def photograph(name: str) -> Image:
    """Return an image of scikit-image's data."""
    return decode(file_of(name))


def request(image: bytes, **fields: Any) -> Event:
    """Return a CVAT request with this image file and these fields."""
    body = {"image": base64.b64encode(image).decode(), **fields}
    return Event(
        id="test",
        method="POST",
        path="/",
        content_type="application/json",
        body=json.dumps(body).encode(),
    )


def load_function(assets: Assets) -> Function:
    """Load the function as a worker does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(variables.ASSETS, str(assets.path))
        return Function.load(DEFAULT_HANDLER)
