"""The authors' checkpoint as the network reads it."""

from pathlib import Path

from modelyard.inference.checkpoints import build_network, find_state, without_prefix
from siammask.network import SiamMask


def load(path: Path) -> SiamMask:
    """Return the network with the weights of `SiamMask_DAVIS.pth` or another of the authors'.

    They hold the tensors under `state_dict`, beside an epoch and the like, or by themselves,
    each named `module.…` where several graphics cards trained them.

    Raises:
        CheckpointError: it is no such file, or holds more or fewer weights than the network.
    """
    state = find_state(path, "state_dict")
    return build_network(SiamMask, state, source=path, rename=without_prefix("module."))
