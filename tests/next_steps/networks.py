"""Writes models for new functions: `./pants run tests/next_steps/networks.py -- FOLDER`."""

import argparse
from pathlib import Path

import numpy as np

from classic_weights.frozen import frozen_graph
from modelyard.inference.testing.networks import plant
from modelyard_tools.scaffold.testing.networks import write_onnx

# YOLOv8's output: boxes and two classes, for the cells of an image of this size.
_SIDE = 64
_CELLS = 84
_YOLO = (1, 6, _CELLS)


def main() -> None:
    """Write a network in each format, and one whose outputs match no head."""
    parser = argparse.ArgumentParser(description="Write models for new functions.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    image = (1, 3, _SIDE, _SIDE)
    write_onnx(folder / "known.onnx", {"output0": _YOLO}, image)
    write_onnx(folder / "unknown.onnx", {"strange": (1, 2, 3, 4, 5)}, image)
    nothing = np.zeros(_YOLO, np.float32)
    plant(folder / "known.xml", {"images": (image, np.float32)}, {"output0": nothing})
    shape = (1, _SIDE, _SIDE, 3)
    graph = frozen_graph("images", "DT_FLOAT", shape, {"output0": nothing})
    (folder / "known.pb").write_bytes(graph)


if __name__ == "__main__":
    main()
