"""The detector on torch."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelyard import Assets, Device
from modelyard.inference.precision import PrecisionSettings, supported_precision
from modelyard.inference.torch_device import prepare, running, torch_device
from retinanet_r101.decode import STRIDES, Seen
from retinanet_r101.detector import RetinaNetDetector
from retinanet_r101.network import WEIGHTS, read_network


class RetinaNetR101(RetinaNetDetector):
    """The detector, with its network on torch and the checkpoint as published."""

    def load_network(self, assets: Assets, device: Device) -> None:
        """Load the checkpoint.

        Raises:
            CheckpointError: it is not of this network.
            ParamsError: `params` request an unknown precision.
        """
        settings = assets.params.read(PrecisionSettings)
        self._device, self._precision = device, supported_precision(settings.precision)
        self._network = prepare(read_network(assets.weights(WEIGHTS)), device)

    def run_network(self, pixels: NDArray[np.float32], least: float) -> Sequence[Seen]:
        """Run the network, and copy only candidates from the GPU."""
        with running(self._device, precision=self._precision):
            answers = self._network(torch.from_numpy(pixels).to(torch_device(self._device)))
            maps = len(STRIDES)
            return [
                _seen(logits, deltas, least)
                for logits, deltas in zip(answers[:maps], answers[maps:], strict=True)
            ]


def _seen(logits: Tensor, deltas: Tensor, least: float) -> Seen:
    rows = torch.nonzero(logits.amax(dim=1) >= least)[:, 0]
    logits, deltas = (values[rows].float().cpu() for values in (logits, deltas))
    return Seen(rows.cpu().numpy(), logits.numpy(), deltas.numpy())
