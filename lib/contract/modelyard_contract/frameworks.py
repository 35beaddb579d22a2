"""What a model runs on, as `framework` says it, and the Python resolves that come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OPENVINO = "openvino"
PYTORCH = "pytorch"


@dataclass(frozen=True)
class Framework:
    """What follows from the framework of a function.

    Attributes:
        engine: The framework whose library runs the model; the folder of such functions below
            `functions/` is called like it.
        resolves: The Python resolve of each variant that has one.
    """

    engine: str
    resolves: Mapping[str, str]


# OpenVINO reads ONNX files and TensorFlow's graphs as they are.
FRAMEWORKS: Mapping[str, Framework] = {
    OPENVINO: Framework(OPENVINO, {"cpu": "openvino"}),
    "onnx": Framework(OPENVINO, {"cpu": "openvino"}),
    PYTORCH: Framework(PYTORCH, {"cpu": "torch-cpu", "gpu": "torch-gpu"}),
}


def resolves_by_variant() -> dict[str, str]:
    """Return the resolve of each `<framework>-<variant>`."""
    return {
        f"{name}-{variant}": resolve
        for name, framework in FRAMEWORKS.items()
        for variant, resolve in framework.resolves.items()
    }
