"""A checkpoint in the published format, with random weights."""

import json
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mask_rcnn_matterport.handler import MatterportMaskRCNN
from modelyard import Assets, Device

Checkpoint = dict[str, NDArray[np.float32]]
Shapes = Iterator[tuple[str, tuple[int, ...]]]


def published_shapes() -> Shapes:
    """The datasets of mask_rcnn_coco.h5, as Keras names and shapes them.

    `<layer>/<layer>/<variable>`, or `<model>/<layer>/<variable>` for the nested model.
    """

    def conv(name: str, kernel: tuple[int, ...], outputs: int, owner: str = "") -> Shapes:
        yield f"{owner or name}/{name}/kernel:0", kernel
        yield f"{owner or name}/{name}/bias:0", (outputs,)

    def norm(name: str, width: int) -> Shapes:
        for variable in ("gamma:0", "beta:0", "moving_mean:0", "moving_variance:0"):
            yield f"{name}/{name}/{variable}", (width,)

    def unit(block: str, branch: str, kernel: tuple[int, ...]) -> Shapes:
        yield from conv(f"res{block}_branch{branch}", kernel, kernel[-1])
        yield from norm(f"bn{block}_branch{branch}", kernel[-1])

    yield from conv("conv1", (7, 7, 3, 64), 64)
    yield from norm("bn_conv1", 64)
    inputs = 64
    for stage, (blocks, width) in enumerate(((3, 64), (4, 128), (23, 256), (3, 512)), 2):
        for letter in "abcdefghijklmnopqrstuvw"[:blocks]:
            block = f"{stage}{letter}"
            yield from unit(block, "2a", (1, 1, inputs, width))
            yield from unit(block, "2b", (3, 3, width, width))
            yield from unit(block, "2c", (1, 1, width, 4 * width))
            if letter == "a":
                yield from unit(block, "1", (1, 1, inputs, 4 * width))
            inputs = 4 * width
    for level in range(2, 6):
        yield from conv(f"fpn_c{level}p{level}", (1, 1, 64 * 2**level, 256), 256)
        yield from conv(f"fpn_p{level}", (3, 3, 256, 256), 256)
    yield from conv("rpn_conv_shared", (3, 3, 256, 512), 512, "rpn_model")
    yield from conv("rpn_class_raw", (1, 1, 512, 6), 6, "rpn_model")
    yield from conv("rpn_bbox_pred", (1, 1, 512, 12), 12, "rpn_model")
    yield from conv("mrcnn_class_conv1", (7, 7, 256, 1024), 1024)
    yield from norm("mrcnn_class_bn1", 1024)
    yield from conv("mrcnn_class_conv2", (1, 1, 1024, 1024), 1024)
    yield from norm("mrcnn_class_bn2", 1024)
    yield from conv("mrcnn_class_logits", (1024, 81), 81)
    yield from conv("mrcnn_bbox_fc", (1024, 324), 324)
    for number in range(1, 5):
        yield from conv(f"mrcnn_mask_conv{number}", (3, 3, 256, 256), 256)
        yield from norm(f"mrcnn_mask_bn{number}", 256)
    yield from conv("mrcnn_mask_deconv", (2, 2, 256, 256), 256)
    yield from conv("mrcnn_mask", (1, 1, 256, 81), 81)


def random_array(
    name: str, shape: tuple[int, ...], generator: np.random.Generator
) -> NDArray[np.float32]:
    """Numbers with which values neither fade nor grow through a hundred layers."""
    values = generator.standard_normal(shape, np.float32)
    if name.endswith("moving_variance:0"):
        return np.abs(values) * np.float32(0.1) + np.float32(0.9)
    if name.endswith("gamma:0"):
        # Pixels come in hundreds, and each block adds to what comes in.
        scale = 0.02 if "conv1/" in name else 0.2 if "branch2c" in name else 1.0
        return np.full(shape, scale, np.float32)
    if len(shape) > 1:
        last = ("rpn_class_raw", "rpn_bbox_pred", "mrcnn_class_logits", "mrcnn_bbox_fc")
        gain = 0.1 if any(layer in name for layer in last) else 1.0
        return values * np.float32(gain * (2 / np.prod(shape[:-1])) ** 0.5)
    return values * np.float32(0.05)


@pytest.fixture(scope="session")
def checkpoint() -> Checkpoint:
    """The arrays by their path in the file."""
    generator = np.random.default_rng(7)
    return {name: random_array(name, shape, generator) for name, shape in published_shapes()}


def write_keras(path: Path, checkpoint: Checkpoint) -> None:
    """Write weights as Keras 2 does, with groups for layers that have none."""
    with h5py.File(path, "w") as file:
        for name in ("input_image", "activation_1", "fpn_p6", "ROI"):
            file.create_group(name).attrs["weight_names"] = []
        for name, array in checkpoint.items():
            file[name] = array


@pytest.fixture(scope="session")
def folder(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A function's assets with that checkpoint, and a label for each of the 81 classes."""
    folder = tmp_path_factory.mktemp("assets")
    (folder / "weights").mkdir()
    write_keras(folder / "weights" / "mask_rcnn_coco.h5", checkpoint)
    description = {
        "schema": 1,
        "name": "mask-rcnn",
        "type": "detector",
        "model": "mask_rcnn_matterport.handler",
        "labels": [{"id": n, "name": f"class {n}", "type": "mask"} for n in range(81)],
    }
    (folder / "model.json").write_text(json.dumps(description))
    return folder


@pytest.fixture(scope="session")
def model(folder: Path) -> Iterator[MatterportMaskRCNN]:
    """The detector, whose network sees squares of 128 pixels only."""
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MatterportMaskRCNN, "shortest", 100)
        patch.setattr(MatterportMaskRCNN, "side", 128)
        # Masks cost the most.
        patch.setattr("mask_rcnn_matterport.detection.LIMIT", 12)
        patch.setenv("MODELYARD_THREADS", "1")
        model = MatterportMaskRCNN()
        model.load(Assets.open(folder), Device())
        yield model
    torch.set_num_threads(threads)
