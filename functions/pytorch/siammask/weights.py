"""Reading of the authors' checkpoint."""

from pathlib import Path

from modelyard.inference.checkpoints import find_state
from modelyard.inference.torch_loading import build_network, without_prefix
from siammask.network import SiamMask


def load(path: Path) -> SiamMask:
    """Return the network with the weights of `SiamMask_DAVIS.pth` or another of the authors'.

    These contain the tensors under `state_dict`, next to an epoch etc., or only the tensors, with
    names starting with `module.` if trained on several GPUs.

    Raises:
        CheckpointError: it is not such a file, or has more or fewer weights than the network.
    """
    state = find_state(path, "state_dict")
    return build_network(SiamMask, state, source=path, rename=without_prefix("module."))
