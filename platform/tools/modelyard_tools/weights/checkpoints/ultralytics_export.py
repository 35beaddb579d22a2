"""Exports checkpoints of Ultralytics, such as best.pt, to OpenVINO with Ultralytics itself.

A checkpoint pickles objects. Ultralytics' own list says which classes may be created from it (its
networks' layers and PyTorch's, numbers, containers); a file that names anything else is refused
before anything of it runs.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import openvino

from modelyard.models.detectron2.operators import provide_operators
from modelyard_tools.weights.checkpoints.reading import read_exported
from modelyard_tools.weights.conversion.files import only
from modelyard_tools.weights.errors import WeightsError


def export(weights: Path) -> openvino.Model:
    """Return the network in the only .pt file in a folder, as Ultralytics exports it.

    Its sides are those it was trained with. Outputs are raw, without NMS: Ultralytics' default in
    predictions too, for networks with an end-to-end head as well.

    Raises:
        WeightsError: there is not exactly one, it is not Ultralytics', it names code that no
            network needs, or Ultralytics cannot export it.
    """
    file = only(weights, "*")
    with tempfile.TemporaryDirectory(prefix="exporting-") as scratch:
        copy = Path(scratch, "best.pt")
        shutil.copyfile(file, copy)
        try:
            folder = _network(copy).export(format="openvino", device="cpu")
        # Ultralytics documents no exceptions.
        except Exception as error:
            raise WeightsError(f"Ultralytics cannot export {file.name}: {error}") from error
        return read_exported(only(Path(folder), "*.xml"))


def _network(checkpoint: Path) -> Any:
    # Read when it is imported. It would install packages and ask the network otherwise.
    os.environ |= {
        "ULTRALYTICS_SAFE_LOAD": "true",
        "YOLO_AUTOINSTALL": "false",
        "YOLO_CONFIG_DIR": str(checkpoint.parent),
        "YOLO_OFFLINE": "true",
        "YOLO_VERBOSE": "false",
    }
    provide_operators()
    from ultralytics import YOLO  # noqa: PLC0415
    from ultralytics.utils import SAFE_LOAD  # noqa: PLC0415

    if not SAFE_LOAD:
        raise WeightsError("Ultralytics was imported before its list of classes was required")
    return YOLO(checkpoint)
