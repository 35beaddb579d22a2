"""Exports checkpoints of RF-DETR to OpenVINO with the package `rfdetr` itself.

That package reads them with PyTorch's `weights_only`: tensors, numbers, texts and containers; a
file that names anything else is refused before anything of it runs.
"""

import os
import tempfile
from pathlib import Path

import openvino

from modelyard.models.detectron2.operators import provide_operators
from modelyard_tools.weights.checkpoints.reading import read_exported
from modelyard_tools.weights.conversion.files import only
from modelyard_tools.weights.errors import WeightsError


def export(weights: Path) -> openvino.Model:
    """Return the network in the only file in a folder, as `rfdetr` exports it to ONNX.

    Raises:
        WeightsError: there is not exactly one, it is not RF-DETR's, it names code, or `rfdetr`
            cannot export it.
    """
    file = only(weights, "*")
    os.environ |= {"CUDA_VISIBLE_DEVICES": "", "HF_HUB_OFFLINE": "1"}
    provide_operators()
    from rfdetr import RFDETR  # noqa: PLC0415 - not before the operators

    with tempfile.TemporaryDirectory(prefix="exporting-") as scratch:
        try:
            network = RFDETR.from_checkpoint(file, device="cpu")
            network.export(output_dir=scratch, format="onnx", verbose=False)
        # The package documents some of its exceptions only.
        except Exception as error:
            raise WeightsError(f"rfdetr cannot export {file.name}: {error}") from error
        return read_exported(only(Path(scratch), "*.onnx"))
