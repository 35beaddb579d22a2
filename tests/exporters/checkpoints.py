"""Checkpoints as their authors' packages write them, and hostile ones.

    ./pants run tests/exporters/checkpoints.py:export -- FOLDER

Writes `rfdetr.pth` to FOLDER, a network of random weights. Exit code 1 if a hostile file runs
anything, or is exported.
"""

import os
import sys
from pathlib import Path
from typing import Any, Final

from exporters.environment import keep_to_themselves
from modelyard.models.detectron2.operators import provide_operators
from modelyard_tools.weights.conversion.export import main as export

_MODULES: Final = "modelyard_tools.weights.checkpoints"
_CLASSES: Final = ("cat", "big dog", "traffic light")


class _Hostile:
    """Creates a file when it is unpickled."""

    def __init__(self, proof: Path) -> None:
        self._proof = proof

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self._proof),)


def main(folder: Path) -> int:
    """Write the checkpoints, export the hostile ones, and return the exit code."""
    keep_to_themselves(folder)
    provide_operators()
    import rfdetr  # noqa: PLC0415 # pants: no-infer-dep - after the operators
    import torch  # noqa: PLC0415 # pants: no-infer-dep
    from ultralytics import YOLO  # noqa: PLC0415 # pants: no-infer-dep

    torch.manual_seed(5)
    peer = rfdetr.RFDETRNano(pretrain_weights=None, num_classes=len(_CLASSES), device="cpu")
    state = {
        "model": peer.model.model.state_dict(),
        "args": {"class_names": list(_CLASSES), "num_classes": len(_CLASSES)},
        "model_name": "RFDETRNano",
        "model_config": peer.model_config.model_dump(),
        "epoch": 1,
    }
    torch.save(state, folder / "rfdetr.pth")
    proof = folder / "it-ran"
    network = YOLO("yolo11n.yaml").model
    network.more = _Hostile(proof)
    hostile = {
        "ultralytics_export": {"model": network, "train_args": {"imgsz": 64, "task": "detect"}},
        "rfdetr_export": state | {"args": _Hostile(proof)},
    }
    for module, content in hostile.items():
        (folder / module).mkdir()
        torch.save(content, folder / module / "best.pt")
        places = ["--in", str(folder / module), "--out", str(folder / "out"), "--name", "best"]
        if export([f"{_MODULES}.{module}", *places]) == 0:
            print(f"{module} exported a hostile file", file=sys.stderr)
            return 1
        if proof.exists():
            print(f"{module} ran what a file pickles", file=sys.stderr)
            return 1
    # The same file does something where nothing prevents it.
    torch.load(folder / "rfdetr_export" / "best.pt", weights_only=False)
    return 0 if proof.exists() else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))
