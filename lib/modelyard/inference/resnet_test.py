"""The ResNet compared with its definition, written with torch's functions."""

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from modelyard.inference.resnet import Margins, ResNet

BLOCKS = (1, 2, 1, 1)


def randomise(network: nn.Module) -> None:
    """Set weights that keep the magnitude of values through many layers."""
    generator = torch.Generator().manual_seed(1)
    for name, tensor in network.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5, generator=generator)
        elif tensor.ndim == 4:
            tensor.normal_(0, (2 / tensor[0].numel()) ** 0.5, generator=generator)
        elif tensor.is_floating_point():
            tensor.uniform_(0.1, 0.5, generator=generator)


def plain(
    pixels: Tensor, weights: Mapping[str, Tensor], margins: Margins, epsilon: float
) -> list[Tensor]:
    """The definition."""

    def unit(features: Tensor, name: str, stride: int = 1) -> Tensor:
        kernel = weights[f"{name}.weight"]
        features = functional.conv2d(
            features, kernel, weights.get(f"{name}.bias"), stride, kernel.shape[-1] // 2
        )
        mean, variance, scale, shift = (
            weights[f"{name}.norm.{part}"].reshape(1, -1, 1, 1)
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (features - mean) / (variance + epsilon).sqrt() * scale + shift

    features = functional.pad(unit(pixels, "stem.conv1", 2).relu(), margins)
    features = features.unfold(2, 3, 2).unfold(3, 3, 2).amax(dim=(-1, -2))
    maps = []
    for stage, count in enumerate(BLOCKS, 2):
        for block in range(count):
            name = f"res{stage}.{block}"
            stride = 2 if stage > 2 and block == 0 else 1
            inner = unit(features, f"{name}.conv1", stride).relu()
            inner = unit(unit(inner, f"{name}.conv2").relu(), f"{name}.conv3")
            if block == 0:
                features = unit(features, f"{name}.shortcut", stride)
            features = (features + inner).relu()
        maps.append(features)
    return maps


@pytest.mark.parametrize(
    ("margins", "bias", "epsilon"), [((1, 1, 1, 1), False, 1e-5), ((0, 1, 0, 1), True, 1e-3)]
)
@torch.inference_mode()
def test_maps_are_those_of_the_definition(margins: Margins, bias: bool, epsilon: float) -> None:
    network = ResNet(BLOCKS, pool_margins=margins, bias=bias, epsilon=epsilon).eval()
    randomise(network)
    pixels = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(2)) * 4 - 2
    expected = plain(pixels, network.state_dict(), margins, epsilon)
    shapes = [(1, width, 16 >> n, 24 >> n) for n, width in enumerate(ResNet.widths)]
    assert [features.shape for features in expected] == shapes
    torch.testing.assert_close(network(pixels), expected, rtol=1e-4, atol=1e-4)
