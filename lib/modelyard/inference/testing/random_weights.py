"""Random weights for networks on torch."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


def random_state(make: Callable[[], nn.Module], seed: int = 0) -> dict[str, Tensor]:
    """Return random weights with which a network's output depends on its input.

    Args:
        make: Creates the network; torch initialises its convolutions.
        seed: The same seed gives the same weights.
    """
    torch.manual_seed(seed)
    network = make()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)  # type: ignore[union-attr]
            module.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr]
    return network.state_dict()
