"""Names in the network that `export.py` writes and `openvino_handler.py` runs."""

from typing import Final

from retinanet_r101.decode import STRIDES

WEIGHTS: Final = "retinanet_r101_ir.xml"
"""The file's name, which is that of its BUILD target."""
PIXELS: Final = "pixels"
LOGITS: Final = tuple(f"logits_{stride}" for stride in STRIDES)
DELTAS: Final = tuple(f"deltas_{stride}" for stride in STRIDES)
