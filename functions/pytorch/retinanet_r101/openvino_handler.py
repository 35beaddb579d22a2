"""The detector on OpenVINO: without torch, and faster on a CPU."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelyard import Assets, Device, OpenVINOSession
from modelyard.inference.precision import PrecisionSettings, supported_precision
from retinanet_r101.decode import Seen
from retinanet_r101.detector import RetinaNetDetector
from retinanet_r101.exported import DELTAS, LOGITS, PIXELS, WEIGHTS


class OpenVINORetinaNetR101(RetinaNetDetector):
    """The detector, with the network that `export.py` wrote."""

    def load_network(self, assets: Assets, device: Device) -> None:
        """Compile the network for inputs of any size.

        Raises:
            OpenVINOError: it cannot be loaded.
            ParamsError: `params` request an unknown precision.
        """
        precision = supported_precision(assets.params.read(PrecisionSettings).precision)
        self._session = OpenVINOSession(assets.weights(WEIGHTS), device=device, precision=precision)

    def run_network(self, pixels: NDArray[np.float32], least: float) -> Sequence[Seen]:
        """Run the network."""
        answers = self._session.infer({PIXELS: pixels})
        return [
            _seen(answers[logits], answers[deltas], least)
            for logits, deltas in zip(LOGITS, DELTAS, strict=True)
        ]


def _seen(logits: NDArray[np.float32], deltas: NDArray[np.float32], least: float) -> Seen:
    rows = np.flatnonzero(logits.max(axis=1) >= least)
    return Seen(rows, logits[rows], deltas[rows])
