"""Names in the network, shared by `export.py` and `openvino_handler.py`."""

from typing import Final

from retinanet_r101.decode import STRIDES

WEIGHTS: Final = "retinanet_r101_ir.xml"
"""The file's name, which is its BUILD target's name."""
PIXELS: Final = "pixels"
LOGITS: Final = tuple(f"logits_{stride}" for stride in STRIDES)
DELTAS: Final = tuple(f"deltas_{stride}" for stride in STRIDES)
