"""DEXTR's network compared with the same layers of PyTorch, by its authors' definition of it."""

from typing import Any

import numpy as np
import openvino
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from modelyard_tools.weights.conversion.dextr import dextr
from modelyard_tools.weights.conversion.testing.dextr import PARTS, STAGES, dextr_tensors


def reference(tensors: dict[str, Any], pixels: Tensor) -> Tensor:
    """Return probabilities [1, 1, side, side], as networks/deeplab_resnet.py and demo.py do."""
    weights = {name: torch.from_numpy(np.asarray(array)) for name, array in tensors.items()}

    def layer(x: Tensor, convolution: str, norm: str, stride: int = 1, dilation: int = 1) -> Tensor:
        filters = weights[f"{convolution}.weight"]
        padding = filters.shape[-1] // 2 * dilation
        found = functional.conv2d(x, filters, None, stride, padding, dilation)
        parts = ("running_mean", "running_var", "weight", "bias")
        mean, variance, scale, shift = (weights[f"{norm}.{part}"] for part in parts)
        return functional.batch_norm(found, mean, variance, scale, shift)

    def scaled(x: Tensor, sides: tuple[int, int]) -> Tensor:
        return functional.interpolate(x, sides, mode="bilinear", align_corners=True)

    x = layer(pixels, "conv1", "bn1", stride=2).relu()
    x = functional.max_pool2d(x, 3, 2, 1)
    for stage, (blocks, _, stride, dilation) in enumerate(STAGES, 1):
        for block in range(blocks):
            name, first = f"layer{stage}.{block}", stride if block == 0 else 1
            y = layer(x, f"{name}.conv1", f"{name}.bn1", stride=first).relu()
            y = layer(y, f"{name}.conv2", f"{name}.bn2", dilation=dilation).relu()
            y = layer(y, f"{name}.conv3", f"{name}.bn3")
            if block == 0:
                names = f"{name}.downsample.0", f"{name}.downsample.1"
                x = layer(x, *names, stride=first)
            x = (x + y).relu()
    sides = (x.shape[2], x.shape[3])
    pyramid = []
    for stage, parts in enumerate(PARTS):
        means = functional.adaptive_avg_pool2d(x, parts)
        name = f"layer5.stages.{stage}"
        pyramid.append(scaled(layer(means, f"{name}.1", f"{name}.2").relu(), sides))
    joined = torch.cat([*pyramid, x], 1)
    x = layer(joined, "layer5.bottleneck.0", "layer5.bottleneck.1").relu()
    final = weights["layer5.final.weight"], weights["layer5.final.bias"]
    logits = functional.conv2d(x, *final)
    return scaled(logits, (pixels.shape[2], pixels.shape[3])).sigmoid()


# Maps of 6 x 6 and 9 x 9 cells: of the latter the parts of the pyramid are not equal.
@pytest.mark.parametrize("side", [48, 72])
def test_it_computes_what_pytorch_does(side: int) -> None:
    tensors = dextr_tensors()
    pixels = np.random.default_rng(2).uniform(0, 2.55, (1, 4, side, side)).astype(np.float32)
    with torch.no_grad():
        expected = reference(tensors, torch.from_numpy(pixels)).numpy()
    assert expected.std() > 0.005
    network = dextr(tensors, side)
    compiled = openvino.compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = compiled({"input": pixels})["output"]
    assert found.shape == (1, 1, side, side)
    np.testing.assert_allclose(found, expected, atol=1e-4)
