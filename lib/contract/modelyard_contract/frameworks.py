"""What a model runs on (`framework`), and the corresponding Python resolves."""

from __future__ import annotations

from collections.abc import Mapping

OPENVINO = "openvino"
PYTORCH = "pytorch"

# The Python resolve of each variant that has one. A framework's functions are in the folder of its
# name in `functions`. OpenVINO reads ONNX files and TensorFlow's graphs directly.
FRAMEWORKS: Mapping[str, Mapping[str, str]] = {
    OPENVINO: {"cpu": "openvino"},
    PYTORCH: {"cpu": "torch-cpu", "gpu": "torch-gpu"},
}


def resolves_by_variant() -> dict[str, str]:
    """Return the resolve of each `<framework>-<variant>`."""
    return {
        f"{name}-{variant}": resolve
        for name, resolves in FRAMEWORKS.items()
        for variant, resolve in resolves.items()
    }
