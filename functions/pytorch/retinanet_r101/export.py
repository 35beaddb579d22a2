"""Export of the published checkpoint to OpenVINO."""

from pathlib import Path

import openvino
import torch

from modelyard.inference.export import to_openvino
from retinanet_r101.detector import DIVISOR
from retinanet_r101.exported import DELTAS, LOGITS, PIXELS
from retinanet_r101.network import WEIGHTS, RetinaNet, read_network


def export(weights: Path) -> openvino.Model:
    """Return the network with the weights in the checkpoint in a folder.

    Raises:
        CheckpointError: it is not of this network.
    """
    return exported(read_network(weights / WEIGHTS))


def exported(network: RetinaNet) -> openvino.Model:
    """Return the network for inputs float32 [1, 3, H, W] of any height and width."""
    return to_openvino(
        network,
        torch.zeros(1, 3, 4 * DIVISOR, 5 * DIVISOR),
        inputs={PIXELS: (1, 3, -1, -1)},
        outputs=(*LOGITS, *DELTAS),
    )
