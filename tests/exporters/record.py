"""What a peer found: the file `expected.json` beside an exported network.

    {"family": "yolo11n", "form": "detect, onnx, nms=True", "files": ["best.onnx"],
     "threshold": 0.3, "overlap": 0.7, "size": [320, 256], "kind": "boxes",
     "pictures": [{"file": "../pictures/wide.png", "objects": [
       {"label": "cat", "class": 0, "score": 0.9, "box": [x1, y1, x2, y2],
        "corners": [[x, y], …], "joints": [[x, y, visibility], …], "mask": "0.png"}]}]}

Coordinates are pixels of the picture. A mask is an image of the picture's size with 0 and 255.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

EXPECTED = "expected.json"

Object = dict[str, Any]


@dataclass(frozen=True)
class Expected:
    """A network's file and what its author's code finds with it.

    `overlap` is the IoU above which the peer suppresses, or null if it does not. `kind` is boxes,
    masks, rotated, joints, tags or classes (a mask per class of the whole picture). `named` says
    whether the file contains the labels. `stated` are the arguments of `new-function` that say what
    the file does not.
    """

    family: str
    form: str
    kind: str
    files: list[str]
    size: tuple[int, int]
    threshold: float
    overlap: float | None = None
    pictures: list[dict[str, Any]] = field(default_factory=list)
    named: bool = True
    stated: list[str] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """Write it into the folder of the files."""
        (folder / EXPECTED).write_text(json.dumps(asdict(self), indent=1))
