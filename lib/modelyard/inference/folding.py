"""Batch normalisation as part of the convolution before it, for networks that only answer."""

from itertools import pairwise

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_norms(network: nn.Module) -> None:
    """Put each batch normalisation into the convolution before it, in place.

    What a network answers stays the same but for rounding, and it needs one pass less over each
    map. Weights that are folded are copied.

    Args:
        network: In evaluation mode. A normalisation that its module defines right after a
            convolution must get just what that one gives, as in all ResNets.
    """
    for module in network.modules():
        for (first, before), (second, norm) in pairwise(list(module.named_children())):
            if isinstance(before, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(module, first, fuse_conv_bn_eval(before, norm))
                setattr(module, second, nn.Identity())
