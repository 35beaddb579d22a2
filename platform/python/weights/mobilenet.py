"""MobileNetV2 without its classifier, as an OpenVINO graph around a checkpoint's weights.

The architecture is that of table 2 in "MobileNetV2: Inverted Residuals and Linear Bottlenecks"
(Sandler and others, 2018), width 1; the names are those that torchvision's state dictionaries had
before it named its blocks.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino import opset13

from weights.errors import WeightsError

INPUT: Final = "images"
OUTPUT: Final = "embedding"

_EPSILON: Final = 1e-5
_LENGTH: Final = 1280
# Expansion, channels, repetitions, stride of the first.
_BLOCKS: Final = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
_COUNTERS: Final = ".num_batches_tracked"

Tensors = Mapping[str, NDArray[Any]]


def mobilenet_v2(tensors: Tensors) -> openvino.Model:
    """Return the network: `images` float32 [N, 3, H, W] -> `embedding` float32 [N, 1280].

    The embedding is the mean over the last feature map. Images are RGB, normalised by the caller.

    Raises:
        WeightsError: a tensor is missing, of another shape, or left over.
    """
    builder = _Builder(tensors)
    images = opset13.parameter([-1, 3, -1, -1], np.float32, INPUT)
    images.output(0).tensor.set_names({INPUT})
    features = builder.layer(images, "features.0.0", "features.0.1", (32, 3, 3, 3), stride=2)
    channels, index = 32, 1
    for expansion, wanted, repetitions, stride in _BLOCKS:
        for repetition in range(repetitions):
            features = builder.block(
                features,
                f"features.{index}.conv",
                (channels, channels * expansion, wanted),
                1 if repetition else stride,
            )
            channels, index = wanted, index + 1
    last = f"features.{index}"
    features = builder.layer(features, f"{last}.0", f"{last}.1", (_LENGTH, channels, 1, 1))
    embedding = opset13.reduce_mean(features, np.array([2, 3]), keep_dims=False)
    embedding.output(0).set_names({OUTPUT})
    builder.check_nothing_is_left()
    return openvino.Model([embedding], [images], "mobilenet_v2")


class _Builder:
    """Layers around the tensors, each of which is used once."""

    def __init__(self, tensors: Tensors) -> None:
        self._left = {name: array for name, array in tensors.items() if _COUNTERS not in name}

    def block(self, source: Any, name: str, channels: tuple[int, int, int], stride: int) -> Any:
        """Widen, convolve by channel, narrow; add what came in where it has the same size."""
        before, wide, after = channels
        features, step = source, 0
        if wide != before:
            features = self.layer(features, f"{name}.0", f"{name}.1", (wide, before, 1, 1))
            step = 3
        features = self.layer(
            features, f"{name}.{step}", f"{name}.{step + 1}", (wide, 1, 3, 3), stride=stride
        )
        step += 3
        features = self.layer(
            features, f"{name}.{step}", f"{name}.{step + 1}", (after, wide, 1, 1), relu=False
        )
        return opset13.add(source, features) if stride == 1 and before == after else features

    def layer(
        self,
        source: Any,
        convolution: str,
        norm: str,
        shape: tuple[int, int, int, int],
        *,
        stride: int = 1,
        relu: bool = True,
    ) -> Any:
        """Convolve with filters of `shape`, normalise (folded into the filters), cut to 0..6."""
        outputs, inputs, height, _ = shape
        filters = self._take(f"{convolution}.weight", shape)
        scale, shift, mean, variance = (
            self._take(f"{norm}.{part}", (outputs,))
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        factor = scale / np.sqrt(variance + _EPSILON)
        folded = (filters * factor[:, None, None, None]).astype(np.float32)
        bias = (shift - mean * factor).reshape(1, -1, 1, 1).astype(np.float32)
        padding = [height // 2] * 2
        strides = [stride] * 2
        if inputs == 1 and height > 1:
            by_channel = opset13.constant(folded[:, None])
            features = opset13.group_convolution(
                source, by_channel, strides, padding, padding, [1, 1]
            )
        else:
            features = opset13.convolution(
                source, opset13.constant(folded), strides, padding, padding, [1, 1]
            )
        features = opset13.add(features, opset13.constant(bias))
        return opset13.clamp(features, 0.0, 6.0) if relu else features

    def check_nothing_is_left(self) -> None:
        if self._left:
            raise WeightsError(f"no MobileNetV2 has {', '.join(sorted(self._left)[:3])}")

    def _take(self, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
        if name not in self._left:
            raise WeightsError(f"the checkpoint has no {name}")
        array = self._left.pop(name)
        if array.shape != shape:
            raise WeightsError(f"{name} is {array.shape} where {shape} is needed")
        return array.astype(np.float64)
