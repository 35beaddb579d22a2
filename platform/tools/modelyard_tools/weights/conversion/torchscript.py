"""Converts TorchScript, networks with their code from `torch.jit.save`, to OpenVINO models.

Such a file contains a TorchScript program, which loading does not run; OpenVINO translates it. No
Python objects are unpickled from it.
"""

from pathlib import Path
from typing import Final

import msgspec
import openvino
import torch

from modelyard_tools.weights.conversion.files import only
from modelyard_tools.weights.errors import WeightsError

# Where Ultralytics' export states the input size.
_CONFIG: Final = "config.txt"


class _Config(msgspec.Struct):
    imgsz: tuple[int, int] | None = None


def export(weights: Path) -> openvino.Model:
    """Return the network in the only file in a folder; outputs are `output0`, `output1`, ...

    Its input is float32 [1, 3, H, W] if it accepts that; H and W are dynamic unless the file states
    them.

    Raises:
        WeightsError: there is not exactly one file, it is not TorchScript, or OpenVINO lacks one
            of its operations.
    """
    file = only(weights, "*")
    extra = {_CONFIG: ""}
    try:
        module = torch.jit.load(  # type: ignore[no-untyped-call]
            file, map_location="cpu", _extra_files=extra
        )
    except RuntimeError as error:
        raise WeightsError(
            f"{file.name} is not TorchScript, as torch.jit.save writes it: {_first_line(error)}"
        ) from error
    try:
        network = openvino.convert_model(module.eval())
    # OpenVINO's failures have different classes with no closer base class.
    except Exception as error:
        raise WeightsError(f"OpenVINO cannot convert {file.name}: {_last_line(error)}") from error
    for number, port in enumerate(network.outputs):
        port.get_tensor().set_names({f"output{number}"})
    _take_images(network, _sides(extra[_CONFIG]))
    return network


def _take_images(network: openvino.Model, sides: tuple[int, int]) -> None:
    image = openvino.PartialShape([1, 3, *sides])
    inputs = network.inputs
    if len(inputs) == 1 and inputs[0].partial_shape.compatible(image):
        network.reshape(image)


def _sides(config: bytes | str) -> tuple[int, int]:
    """Return height and width; -1 if dynamic."""
    try:
        return msgspec.json.decode(config, type=_Config).imgsz or (-1, -1)
    except msgspec.DecodeError:
        return (-1, -1)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _last_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[-1].removeprefix("-- ")
