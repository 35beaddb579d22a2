"""TorchScript: networks that `torch.jit.save` wrote, with their code, for OpenVINO.

Such a file holds a program in a language of its own, which reading it does not run; OpenVINO
translates it. No Python in it is unpickled.
"""

from pathlib import Path
from typing import Final

import msgspec
import openvino
import torch

from modelyard_tools.weights.conversion.files import only
from modelyard_tools.weights.errors import WeightsError

# Where Ultralytics' export says what the network was made for.
_CONFIG: Final = "config.txt"


class _Config(msgspec.Struct):
    imgsz: tuple[int, int] | None = None


def export(weights: Path) -> openvino.Model:
    """Return the network in the one file in a folder; outputs are `output0`, `output1`, ...

    An input that can be one is float32 [1, 3, H, W]; H and W are any unless the file tells them.

    Raises:
        WeightsError: there is not one file, it is no TorchScript, or OpenVINO lacks one of its
            operations.
    """
    file = only(weights, "*")
    extra = {_CONFIG: ""}
    try:
        module = torch.jit.load(  # type: ignore[no-untyped-call]
            file, map_location="cpu", _extra_files=extra
        )
    except RuntimeError as error:
        raise WeightsError(
            f"{file.name} is no TorchScript, which torch.jit.save writes: {_first_line(error)}"
        ) from error
    try:
        network = openvino.convert_model(module.eval())
    # Each of OpenVINO's failures has another class, and they share none but this.
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
    """Return height and width, -1 for any."""
    try:
        return msgspec.json.decode(config, type=_Config).imgsz or (-1, -1)
    except msgspec.DecodeError:
        return (-1, -1)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _last_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[-1].removeprefix("-- ")
