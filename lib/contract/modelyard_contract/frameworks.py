"""What a model runs on, as `framework` says it, and the Python resolves that follow from it."""

from __future__ import annotations

from collections.abc import Mapping

OPENVINO = "openvino"
PYTORCH = "pytorch"

# The Python resolve of each variant that has one. Functions of a framework are in the folder of its
# name below `functions`. OpenVINO reads ONNX files and TensorFlow's graphs as they are.
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
