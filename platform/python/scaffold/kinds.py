"""Which kinds of functions can be started: CVAT's types, and what runs which model files."""

from collections.abc import Mapping
from typing import Final

TYPES: Final = ("detector", "interactor", "tracker", "reid")
# OpenVINO reads ONNX files and TensorFlow's graphs as they are.
FRAMEWORKS: Final[Mapping[str, str]] = {
    "openvino": "openvino",
    "onnx": "openvino",
    "tensorflow": "openvino",
    "pytorch": "pytorch",
}
