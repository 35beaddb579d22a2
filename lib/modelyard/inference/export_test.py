"""Torch networks compared with their OpenVINO conversions."""

from collections.abc import Sequence

import numpy as np
import openvino
import pytest
import torch
from torch import Tensor, nn

from modelyard.inference.export import ExportError, to_openvino


class Two(nn.Module):
    """Two inputs, and two outputs whose sizes depend on them; normalises, so training shows."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, pixels: Tensor, shift: Tensor) -> tuple[Tensor, list[Tensor]]:
        features = self.norm(self.first(pixels)) + shift
        return features.mean(dim=1), [nn.functional.max_pool2d(features, 2)]


class Same(nn.Module):
    def forward(self, pixels: Tensor) -> Tensor:
        return pixels * 2


@pytest.mark.parametrize("size", [(8, 8), (5, 12)])
def test_the_same_is_computed_at_sizes_that_were_not_followed(size: tuple[int, int]) -> None:
    network = Two()
    exported = to_openvino(
        network,
        torch.zeros(1, 3, 8, 8),
        torch.zeros(1),
        inputs={"pixels": (1, 3, -1, -1), "shift": (1,)},
        outputs=("mean", "most"),
    )
    inputs = {"pixels": torch.randn(1, 3, *size), "shift": torch.tensor([2.0])}
    expected = network(*inputs.values())
    compiled = openvino.compile_model(exported, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = compiled({name: tensor.numpy() for name, tensor in inputs.items()})
    for name, tensor in (("mean", expected[0]), ("most", expected[1][0])):
        np.testing.assert_allclose(found[name], tensor.numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        ({"a": (1,), "b": (1,)}, ("x",), "1 arguments cannot be named a, b"),
        ({"a": (1,)}, ("x", "y"), "1 tensors cannot be named x, y"),
    ],
)
def test_each_tensor_needs_a_name(
    inputs: dict[str, Sequence[int]], outputs: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ExportError, match=message):
        to_openvino(Same(), torch.zeros(1), inputs=inputs, outputs=outputs)


class Unknown(nn.Module):
    def forward(self, pixels: Tensor) -> Tensor:
        values: Tensor = torch.linalg.eigvals(pixels)
        return values.real


def test_an_operation_that_openvino_lacks_is_named() -> None:
    with pytest.raises(ExportError, match=r"cannot convert Unknown: .*eigvals"):
        to_openvino(Unknown(), torch.eye(3), inputs={"matrix": (3, 3)}, outputs=("values",))
