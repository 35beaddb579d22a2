"""The block compared with its parts, applied one by one."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from modelyard.inference.bottleneck import Bottleneck


@pytest.mark.parametrize(
    ("stride", "dilation", "padding", "size"),
    [(1, 1, None, 9), (1, 2, None, 9), (2, 1, 0, 4), (2, 1, None, 5)],
)
def test_a_block_adds_its_input_to_three_convolutions(
    stride: int, dilation: int, padding: int | None, size: int
) -> None:
    torch.manual_seed(0)
    kernel = 3 if padding == 0 else 1
    shortcut = nn.Conv2d(4, 8, kernel, stride=stride, bias=False)
    block = Bottleneck(
        4, 2, 8, stride=stride, dilation=dilation, padding=padding, downsample=shortcut
    ).eval()
    features = torch.randn(1, 4, 9, 9)
    inner = functional.relu(block.bn1(functional.conv2d(features, block.conv1.weight)))
    around = dilation if padding is None else padding
    inner = functional.conv2d(inner, block.conv2.weight, None, stride, around, dilation)
    inner = block.bn3(functional.conv2d(functional.relu(block.bn2(inner)), block.conv3.weight))
    with torch.inference_mode():
        result = block(features)
        assert result.shape == (1, 8, size, size)
        torch.testing.assert_close(result, functional.relu(inner + shortcut(features)))


def test_a_block_of_one_shape_needs_no_shortcut() -> None:
    block = Bottleneck(8, 2, 8).eval()
    nn.init.zeros_(block.conv3.weight)
    features = torch.randn(1, 8, 3, 3)
    with torch.inference_mode():
        assert block(features).equal(functional.relu(features))
