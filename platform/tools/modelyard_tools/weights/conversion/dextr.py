"""DEXTR's network as an OpenVINO graph with its authors' weights.

Maninis, Caelles, Pont-Tuset and Van Gool, "Deep Extreme Cut" (CVPR 2018): DeepLab v2's ResNet-101,
whose last two stages use dilation instead of strides, with PSPNet's pyramid pooling on top.
Architecture and names are those of networks/deeplab_resnet.py in scaelles/DEXTR-PyTorch; the
resizing to the input's size and the sigmoid are those of its demo.py. Both interpolate with
`align_corners=True`.
"""

from typing import Any, Final

import numpy as np
import openvino
from openvino import opset8, opset13

from modelyard_tools.weights.conversion.torch_layers import Layers, Tensors

INPUT: Final = "input"
OUTPUT: Final = "output"
SIDE: Final = 512

_CHANNELS: Final = 4  # Red, green, blue and the map of the four points.
# Width, blocks, stride, dilation of the four stages.
_STAGES: Final = ((64, 3, 1, 1), (128, 4, 2, 1), (256, 23, 1, 2), (512, 3, 1, 4))
_GROWTH: Final = 4
_PYRAMID: Final = (1, 2, 3, 6)
_DEEP: Final = 2048
_PARALLEL: Final = "module."


def dextr(tensors: Tensors, side: int = SIDE) -> openvino.Model:
    """Return the network: `input` float32 [1, 4, side, side] -> `output` [1, 1, side, side].

    The input is 0..255: R, G, B and the map of the points. The output is a probability per pixel.

    Raises:
        WeightsError: a tensor is missing, of another shape, or left over.
    """
    layers = Layers(
        {name.removeprefix(_PARALLEL): array for name, array in tensors.items()}, "DEXTR"
    )
    pixels = opset13.parameter([1, _CHANNELS, side, side], np.float32, INPUT)
    pixels.output(0).tensor.set_names({INPUT})
    features = layers.normalised(pixels, "conv1", "bn1", (64, _CHANNELS, 7, 7), stride=2)
    pooled = opset8.max_pool(features, [2, 2], [1, 1], [1, 1], [1, 1], [3, 3])
    features, before = pooled.output(0), 64
    for stage, (width, blocks, stride, dilation) in enumerate(_STAGES, 1):
        for block in range(blocks):
            name, first = f"layer{stage}.{block}", block == 0
            features = _block(
                layers, features, name, (before, width), stride if first else 1, dilation, first
            )
            before = width * _GROWTH
    logits = layers.biased(_pyramid(layers, features), "layer5.final", (1, 512, 1, 1))
    probabilities = opset13.sigmoid(_scaled(logits, (side, side)))
    probabilities.output(0).set_names({OUTPUT})
    layers.check_nothing_is_left()
    return openvino.Model([probabilities], [pixels], "dextr")


def _block(  # noqa: PLR0917 - the parts of a bottleneck
    layers: Layers,
    source: Any,
    name: str,
    channels: tuple[int, int],
    stride: int,
    dilation: int,
    projected: bool,
) -> Any:
    """Reduce (with the stride), convolve, expand, and add the input."""
    before, width = channels
    after = width * _GROWTH
    features = layers.normalised(
        source, f"{name}.conv1", f"{name}.bn1", (width, before, 1, 1), stride=stride
    )
    features = layers.normalised(
        features, f"{name}.conv2", f"{name}.bn2", (width, width, 3, 3), dilation=dilation
    )
    features = layers.normalised(
        features, f"{name}.conv3", f"{name}.bn3", (after, width, 1, 1), cut="no"
    )
    if projected:
        shape = (after, before, 1, 1)
        names = f"{name}.downsample.0", f"{name}.downsample.1"
        source = layers.normalised(source, *names, shape, stride=stride, cut="no")
    return opset13.relu(opset13.add(features, source))


def _pyramid(layers: Layers, features: Any) -> Any:
    """Concatenate the map with its means over 1, 4, 9 and 36 cells, and reduce the channels."""
    sides = features.get_output_partial_shape(0).to_shape()[2:]
    found = []
    for stage, parts in enumerate(_PYRAMID):
        means = opset13.adaptive_avg_pool(features, opset13.constant(np.array([parts, parts])))
        name = f"layer5.stages.{stage}"
        narrow = layers.normalised(
            means, f"{name}.1", f"{name}.2", (_DEEP // len(_PYRAMID), _DEEP, 1, 1)
        )
        found.append(_scaled(narrow, (sides[0], sides[1])))
    names = "layer5.bottleneck.0", "layer5.bottleneck.1"
    return layers.normalised(opset13.concat([*found, features], 1), *names, (512, 2 * _DEEP, 1, 1))


def _scaled(features: Any, sides: tuple[int, int]) -> Any:
    return opset13.interpolate(
        features,
        opset13.constant(np.array(sides)),
        "linear_onnx",
        "sizes",
        coordinate_transformation_mode="align_corners",
        axes=opset13.constant(np.array([2, 3])),
    )
