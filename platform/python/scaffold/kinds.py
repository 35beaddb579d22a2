"""What runs which model files."""

from collections.abc import Mapping
from typing import Final

# OpenVINO reads ONNX files and TensorFlow's graphs as they are.
FRAMEWORKS: Final[Mapping[str, str]] = {
    "openvino": "openvino",
    "onnx": "openvino",
    "tensorflow": "openvino",
    "pytorch": "pytorch",
}
