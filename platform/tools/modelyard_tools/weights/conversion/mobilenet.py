"""MobileNetV2 without its classifier, as an OpenVINO graph with a checkpoint's weights.

The architecture is that of table 2 in "MobileNetV2: Inverted Residuals and Linear Bottlenecks"
(Sandler et al., 2018), width 1; tensor names are those of torchvision before it named its blocks.
"""

from typing import Any, Final

import numpy as np
import openvino
from openvino import opset13

from modelyard_tools.weights.conversion.torch_layers import Layers, Tensors

INPUT: Final = "images"
OUTPUT: Final = "embedding"

_LENGTH: Final = 1280
# Expansion, channels, repetitions, stride of the first repetition.
_BLOCKS: Final = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def mobilenet_v2(tensors: Tensors) -> openvino.Model:
    """Return the network: `images` float32 [N, 3, H, W] -> `embedding` float32 [N, 1280].

    The embedding is the mean of the last feature map. Images are RGB, normalised by the caller.

    Raises:
        WeightsError: a tensor is missing, of another shape, or left over.
    """
    layers = Layers(tensors, "MobileNetV2")
    images = opset13.parameter([-1, 3, -1, -1], np.float32, INPUT)
    images.output(0).tensor.set_names({INPUT})
    features = layers.normalised(
        images, "features.0.0", "features.0.1", (32, 3, 3, 3), stride=2, cut="to 0..6"
    )
    channels, index = 32, 1
    for expansion, wanted, repetitions, stride in _BLOCKS:
        for repetition in range(repetitions):
            features = _block(
                layers,
                features,
                f"features.{index}.conv",
                (channels, channels * expansion, wanted),
                1 if repetition else stride,
            )
            channels, index = wanted, index + 1
    last = f"features.{index}"
    features = layers.normalised(
        features, f"{last}.0", f"{last}.1", (_LENGTH, channels, 1, 1), cut="to 0..6"
    )
    embedding = opset13.reduce_mean(features, np.array([2, 3]), keep_dims=False)
    embedding.output(0).set_names({OUTPUT})
    layers.check_nothing_is_left()
    return openvino.Model([embedding], [images], "mobilenet_v2")


def _block(
    layers: Layers, source: Any, name: str, channels: tuple[int, int, int], stride: int
) -> Any:
    """Expand, convolve depthwise, project; add the input if it has the same shape."""
    before, wide, after = channels
    features, step = source, 0
    if wide != before:
        features = layers.normalised(
            features, f"{name}.0", f"{name}.1", (wide, before, 1, 1), cut="to 0..6"
        )
        step = 3
    names = f"{name}.{step}", f"{name}.{step + 1}"
    features = layers.normalised(features, *names, (wide, 1, 3, 3), stride=stride, cut="to 0..6")
    names = f"{name}.{step + 3}", f"{name}.{step + 4}"
    features = layers.normalised(features, *names, (after, wide, 1, 1), cut="no")
    return opset13.add(source, features) if stride == 1 and before == after else features
