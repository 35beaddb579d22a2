"""Folded networks return the same results."""

import torch
from torch import nn

from modelyard.inference.bottleneck import Bottleneck
from modelyard.inference.folding import fold_norms


def test_no_normalisation_is_left_and_answers_stay() -> None:
    torch.manual_seed(0)
    shortcut = nn.Sequential(nn.Conv2d(4, 8, 1), nn.BatchNorm2d(8))
    network = nn.Sequential(
        Bottleneck(4, 2, 8, downsample=shortcut), nn.Conv2d(8, 3, 3, bias=False), nn.BatchNorm2d(3)
    )
    pixels = torch.randn(2, 4, 9, 9)
    # Statistics that differ from those of a new normalisation.
    for _ in range(5):
        network(pixels * 3 + 1)
    network.eval()
    with torch.no_grad():
        expected = network(pixels)
        fold_norms(network)
        answer = network(pixels)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    torch.testing.assert_close(answer, expected, rtol=1e-5, atol=1e-5)


def test_a_normalisation_of_something_else_stays() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.BatchNorm2d(2)).eval()
    fold_norms(network)
    assert isinstance(network[2], nn.BatchNorm2d)
