"""The work of a worker before it is ready, and the work it defers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from fbrs.handler import FeatureRefinement
from fbrs.testing import write_assets
from modelyard import Assets, Device

# Prints the imported libraries after the model is loaded, and after its threads have ended.
_PROGRAM = """
import json, os, sys, threading
from modelyard.serving.worker import nuclio
from modelyard.serving.worker.loading import load_model

def imported():
    return [name for name in ("torch", "scipy", "openvino") if name in sys.modules]

loaded = []

def load(*arguments):
    model = load_model(*arguments)
    loaded.extend(imported())
    return model

nuclio.load_model = load
nuclio.open_endpoint(os.environ)
for thread in threading.enumerate():
    if thread is not threading.main_thread():
        thread.join()
print(json.dumps([loaded, imported()]))
"""


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Assets:
    return write_assets(tmp_path_factory.mktemp("assets") / "fbrs")


def test_the_optimiser_is_loaded_apart_and_nothing_that_is_not_needed(assets: Assets) -> None:
    here = Path.cwd()
    ran = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env={
            "MODELYARD_ASSETS": str(assets.path),
            "MODELYARD_THREADS": "1",
            "PYTHONPATH": ":".join(str(here / entry) for entry in sys.path),
        },
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(ran.stdout) == [["torch"], ["torch", "scipy"]]


def test_loading_draws_no_random_weights(assets: Assets) -> None:
    before = torch.get_rng_state()
    FeatureRefinement().load(assets, Device())
    assert torch.equal(torch.get_rng_state(), before)
