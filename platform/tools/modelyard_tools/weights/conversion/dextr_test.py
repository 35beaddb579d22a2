"""Tests of DEXTR's network built from a checkpoint."""

from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest
from numpy.typing import NDArray

from modelyard_tools.weights.conversion.convert import main
from modelyard_tools.weights.conversion.dextr import dextr
from modelyard_tools.weights.conversion.testing.checkpoints import (
    Tensors,
    convolve,
    normalised,
    write_checkpoint,
)
from modelyard_tools.weights.conversion.testing.dextr import PARTS, STAGES, dextr_tensors
from modelyard_tools.weights.errors import WeightsError

SIDE = 48  # A map of 6 x 6 cells: the finest pooling has one cell each.


@pytest.fixture(scope="module")
def tensors() -> Tensors:
    return dextr_tensors()


def stretched(values: NDArray[Any], side: int, *, corners: bool) -> NDArray[Any]:
    """Bilinear, as PyTorch's `interpolate` documents for `align_corners`."""
    cells = values.shape[-1]
    if corners:
        at = np.linspace(0, cells - 1, side)
    else:
        at = ((np.arange(side) + 0.5) * cells / side - 0.5).clip(0, cells - 1)
    weights = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(cells)[None]))
    return np.asarray(weights @ values @ weights.T)


def reference(tensors: Tensors, pixels: NDArray[Any]) -> NDArray[Any]:
    """The network in numpy, as the authors' classes compute it."""

    def layer(x: NDArray[Any], convolution: str, norm: str, **steps: int) -> NDArray[Any]:
        return np.asarray(np.maximum(normalised(tensors, x, convolution, norm, **steps), 0))

    x = layer(pixels, "conv1", "bn1", stride=2)
    padded = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    x = np.asarray(windows[:, :, ::2, ::2].max(axis=(4, 5)))
    for stage, (blocks, _, first_stride, dilation) in enumerate(STAGES, 1):
        for block in range(blocks):
            name, stride = f"layer{stage}.{block}", first_stride if block == 0 else 1
            y = layer(x, f"{name}.conv1", f"{name}.bn1", stride=stride)
            y = layer(y, f"{name}.conv2", f"{name}.bn2", dilation=dilation)
            y = normalised(tensors, y, f"{name}.conv3", f"{name}.bn3")
            if block == 0:
                names = f"{name}.downsample.0", f"{name}.downsample.1"
                x = normalised(tensors, x, *names, stride=stride)
            x = np.maximum(x + y, 0)
    pyramid = []
    for stage, parts in enumerate(PARTS):
        size = x.shape[2] // parts
        means = x.reshape(1, -1, parts, size, parts, size).mean(axis=(3, 5))
        narrow = layer(means, f"layer5.stages.{stage}.1", f"layer5.stages.{stage}.2")
        pyramid.append(stretched(narrow, x.shape[2], corners=False))
    x = layer(np.concatenate([*pyramid, x], 1), "layer5.bottleneck.0", "layer5.bottleneck.1")
    logits = convolve(x, tensors["layer5.final.weight"]) + tensors["layer5.final.bias"]
    return np.asarray(1 / (1 + np.exp(-stretched(logits, pixels.shape[2], corners=True))))


def answer(network: Any, pixels: NDArray[Any]) -> NDArray[Any]:
    compiled = openvino.compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.array(compiled({"input": pixels})["output"])


def test_it_computes_what_the_authors_network_does(tensors: Tensors) -> None:
    pixels = np.random.default_rng(2).uniform(0, 255, (1, 4, SIDE, SIDE)).astype(np.float32) / 100
    expected = reference(tensors, pixels)
    assert expected.std() > 0.01
    got = answer(dextr(tensors, SIDE), pixels)
    assert got.shape == (1, 1, SIDE, SIDE)
    np.testing.assert_allclose(got, expected, atol=1e-4)


def test_a_checkpoint_is_converted_to_files(tmp_path: Path, tensors: Tensors) -> None:
    parallel = {f"module.{name}": array for name, array in tensors.items()}
    write_checkpoint(tmp_path / "dextr_pascal-sbd.pth", parallel)
    arguments = ["--in", str(tmp_path), "--out", str(tmp_path / "out"), "--name", "dextr"]
    assert main(["torch-dextr", *arguments]) == 0
    network = openvino.Core().read_model(tmp_path / "out" / "dextr.xml")
    assert list(network.input("input").shape) == [1, 4, 512, 512]
    assert list(network.output("output").shape) == [1, 1, 512, 512]


def test_another_network_is_refused(tensors: Tensors) -> None:
    with pytest.raises(WeightsError, match=r"DEXTR does not have fc\.weight"):
        dextr({**tensors, "fc.weight": np.zeros(3)}, SIDE)
    with pytest.raises(WeightsError, match=r"layer5\.final\.bias is \(2,\), but \(1,\)"):
        dextr({**tensors, "layer5.final.bias": np.zeros(2)}, SIDE)
