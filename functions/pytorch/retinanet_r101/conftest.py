"""A checkpoint in the published format, with random weights."""

import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from modelyard import Assets, Device
from retinanet_r101.detector import COCO_IDS
from retinanet_r101.handler import RetinaNetR101

Checkpoint = dict[str, NDArray[np.float32]]


def published_shapes() -> Iterator[tuple[str, tuple[int, ...]]]:
    """The names and shapes in model_final_971ab9.pkl, taken from detectron2's model."""

    def unit(name: str, inputs: int, outputs: int, kernel: int) -> Iterator[tuple[str, Any]]:
        yield f"{name}.weight", (outputs, inputs, kernel, kernel)
        for part in ("weight", "bias", "running_mean", "running_var"):
            yield f"{name}.norm.{part}", (outputs,)

    def plain(name: str, inputs: int, outputs: int, kernel: int) -> Iterator[tuple[str, Any]]:
        yield f"{name}.weight", (outputs, inputs, kernel, kernel)
        yield f"{name}.bias", (outputs,)

    bottom = "backbone.bottom_up"
    yield from unit(f"{bottom}.stem.conv1", 3, 64, 7)
    inputs = 64
    for stage, (blocks, width) in enumerate(((3, 64), (4, 128), (23, 256), (3, 512)), 2):
        for block in range(blocks):
            name = f"{bottom}.res{stage}.{block}"
            if block == 0:
                yield from unit(f"{name}.shortcut", inputs, 4 * width, 1)
            yield from unit(f"{name}.conv1", inputs, width, 1)
            yield from unit(f"{name}.conv2", width, width, 3)
            yield from unit(f"{name}.conv3", width, 4 * width, 1)
            inputs = 4 * width
    for number, width in ((3, 512), (4, 1024), (5, 2048)):
        yield from plain(f"backbone.fpn_lateral{number}", width, 256, 1)
        yield from plain(f"backbone.fpn_output{number}", 256, 256, 3)
    yield from plain("backbone.top_block.p6", 2048, 256, 3)
    yield from plain("backbone.top_block.p7", 256, 256, 3)
    for layer in (0, 2, 4, 6):
        yield from plain(f"head.cls_subnet.{layer}", 256, 256, 3)
        yield from plain(f"head.bbox_subnet.{layer}", 256, 256, 3)
    yield from plain("head.cls_score", 256, 9 * 80, 3)
    yield from plain("head.bbox_pred", 256, 9 * 4, 3)


def random_array(name: str, shape: tuple[int, ...], generator: np.random.Generator) -> Any:
    """Weights with which activations neither vanish nor explode over a hundred layers."""
    values = generator.standard_normal(shape, np.float32)
    if name.endswith("running_var"):
        return np.abs(values) * 0.1 + np.float32(0.9)
    if name.endswith("norm.weight"):
        # Pixels are in the hundreds, and each residual block adds to its input.
        scale = 0.02 if ".stem." in name else 0.2 if ".conv3." in name else 1.0
        return np.full(shape, scale, np.float32)
    if name in {"head.cls_score.weight", "head.bbox_pred.weight"}:
        return values * np.float32(0.003)
    if len(shape) == 4:
        return values * np.float32((2 / np.prod(shape[1:])) ** 0.5)
    if name == "head.cls_score.bias":
        return values * 0.1 - np.float32(3)
    return values * np.float32(0.05)


@pytest.fixture(scope="session")
def checkpoint() -> Checkpoint:
    """The tensors under the key `model`."""
    generator = np.random.default_rng(7)
    return {name: random_array(name, shape, generator) for name, shape in published_shapes()}


@pytest.fixture(scope="session")
def folder(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A function's assets with that checkpoint, and a label for each of the 80 classes."""
    folder = tmp_path_factory.mktemp("assets")
    (folder / "weights").mkdir()
    with (folder / "weights" / "model_final_971ab9.pkl").open("wb") as file:
        pickle.dump({"model": checkpoint, "__author__": "Detectron2 Model Zoo"}, file, 2)
    description = {
        "schema": 1,
        "name": "retinanet-r101",
        "type": "detector",
        "model": "retinanet_r101.handler",
        "labels": [{"id": number, "name": f"coco {number}"} for number in COCO_IDS],
    }
    (folder / "model.json").write_text(json.dumps(description))
    return folder


@pytest.fixture(scope="session")
def model(folder: Path) -> Iterator[RetinaNetR101]:
    """The detector, scaling images to only 128 pixels."""
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RetinaNetR101, "shortest", 128)
        patch.setenv("MODELYARD_THREADS", "1")
        model = RetinaNetR101()
        model.load(Assets.open(folder), Device())
        yield model
    torch.set_num_threads(threads)
