"""Checkpoints in the format of detectron2's model zoo, with random weights."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelyard.models.detectron2.importing import build_model
from modelyard.models.detectron2.zoo import open_configuration
from modelyard.serving.author.assets import Assets
from modelyard_contract.release import MODEL, MODEL_SCHEMA

Checkpoint = dict[str, NDArray[np.float32]]
# Final layers; larger weights would make every score 0 or 1.
_LAST = {"anchor_deltas": 0.3, "bbox_pred": 0.3, "objectness_logits": 0.3, "cls_score": 0.08}


def random_checkpoint(config: str, seed: int = 7) -> Checkpoint:
    """Return random weights for a configuration, under detectron2's names.

    Values neither vanish nor grow much through the network, and scores differ.
    """
    generator = np.random.default_rng(seed)
    state = build_model(open_configuration(config)).state_dict()
    return {name: _values(name, tuple(t.shape), generator) for name, t in state.items()}


def write_assets(folder: Path, config: str, module: str, labels: list[dict[str, Any]]) -> Assets:
    """Write a function's assets with a random checkpoint as published to `folder`."""
    (folder / "weights").mkdir(parents=True)
    content = {"model": random_checkpoint(config), "__author__": "Detectron2 Model Zoo"}
    with (folder / "weights" / "model_final_0123ab.pkl").open("wb") as file:
        pickle.dump(content, file, 2)
    described = {
        "schema": MODEL_SCHEMA,
        "name": "random",
        "type": "detector",
        "model": module,
        "labels": labels,
    }
    (folder / MODEL).write_text(json.dumps(described))
    return Assets.open(folder)


def _values(
    name: str, shape: tuple[int, ...], generator: np.random.Generator
) -> NDArray[np.float32]:
    values = generator.standard_normal(shape, np.float32)
    if name.endswith("running_var"):
        return np.asarray(np.abs(values) * 0.1 + 0.9, np.float32)
    if name.endswith("norm.weight"):
        # Pixels are in hundreds, and each block adds to its input.
        scale = 0.02 if ".stem." in name else 0.2 if ".conv3." in name else 1.0
        return np.full(shape, scale, np.float32)
    if len(shape) < 2:
        return values * np.float32(0.05)
    spread = (2 / np.prod(shape[1:])) ** 0.5
    (calm, *_) = [scale for part, scale in _LAST.items() if part in name] or [1.0]
    return values * np.float32(spread * calm)
