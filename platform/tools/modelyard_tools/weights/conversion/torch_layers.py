"""Layers of an OpenVINO graph with the tensors of a PyTorch checkpoint."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from openvino import opset13

from modelyard_tools.weights.errors import WeightsError

Tensors = Mapping[str, NDArray[Any]]
Shape = tuple[int, int, int, int]

_EPSILON: Final = 1e-5
_COUNTERS: Final = ".num_batches_tracked"


class Layers:
    """Layers with the checkpoint's tensors, each of which is used once."""

    def __init__(self, tensors: Tensors, network: str) -> None:
        """Take the tensors of a checkpoint; `network` is its name in messages."""
        self._left = {name: array for name, array in tensors.items() if _COUNTERS not in name}
        self._network = network

    def normalised(
        self,
        source: Any,
        convolution: str,
        norm: str,
        shape: Shape,
        *,
        stride: int = 1,
        dilation: int = 1,
        cut: Literal["no", "below 0", "to 0..6"] = "below 0",
    ) -> Any:
        """Convolve with filters of `shape`, normalise (folded into the filters) and clamp.

        Filters with one input are applied depthwise. The image is padded with zeros so that it
        keeps its size at stride 1.

        Raises:
            WeightsError: a tensor is missing or of another shape.
        """
        filters = self._take(f"{convolution}.weight", shape)
        scale, shift, mean, variance = (
            self._take(f"{norm}.{part}", shape[:1])
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        factor = scale / np.sqrt(variance + _EPSILON)
        folded = filters * factor[:, None, None, None]
        features = _convolved(source, folded, shift - mean * factor, stride, dilation)
        if cut == "to 0..6":
            return opset13.clamp(features, 0.0, 6.0)
        return opset13.relu(features) if cut == "below 0" else features

    def biased(self, source: Any, name: str, shape: Shape) -> Any:
        """Convolve with filters of `shape` and add a bias.

        Raises:
            WeightsError: a tensor is missing or of another shape.
        """
        filters, bias = self._take(f"{name}.weight", shape), self._take(f"{name}.bias", shape[:1])
        return _convolved(source, filters, bias, stride=1, dilation=1)

    def check_nothing_is_left(self) -> None:
        """Raise `WeightsError` if a tensor was not used: the checkpoint is of another network."""
        if self._left:
            raise WeightsError(f"{self._network} does not have {', '.join(sorted(self._left)[:3])}")

    def _take(self, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
        if name not in self._left:
            raise WeightsError(f"the checkpoint lacks {name}")
        array = self._left.pop(name)
        if array.shape != shape:
            raise WeightsError(f"{name} is {array.shape}, but {shape} is needed")
        return array.astype(np.float64)


def _convolved(
    source: Any,
    filters: NDArray[np.float64],
    bias: NDArray[np.float64],
    stride: int,
    dilation: int,
) -> Any:
    _, inputs, height, _ = filters.shape
    padding = [height // 2 * dilation] * 2
    steps = ([stride] * 2, padding, padding, [dilation] * 2)
    values = filters.astype(np.float32)
    if inputs == 1 and height > 1:
        by_channel = opset13.constant(values[:, None])
        features = opset13.group_convolution(source, by_channel, *steps)
    else:
        features = opset13.convolution(source, opset13.constant(values), *steps)
    return opset13.add(features, opset13.constant(bias.reshape(1, -1, 1, 1).astype(np.float32)))
