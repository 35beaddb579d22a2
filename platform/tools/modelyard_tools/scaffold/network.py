"""What a model file tells about itself: inputs, outputs and, if known, its head."""

import ast
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from modelyard.inference.heads.guess import guess_head
from modelyard_contract.heads import MODEL_API

if TYPE_CHECKING:
    from modelyard.inference.heads.options import HeadOptions

# File types that OpenVINO reads.
FORMATS: Final = (".onnx", ".xml", ".pb", ".tflite")
_CHECKPOINTS: Final = (".pt", ".pth", ".pkl", ".ckpt", ".safetensors", ".h5", ".keras")
_NO_OBJECT: Final = "otx_"
"""Prefix of the classes that Training Extensions add for "no object"."""
_SIDE: Final = 640
_MANY: Final = 1000


class NetworkError(Exception):
    """The file cannot be used as a model; the text is one line that says why."""


class File(msgspec.Struct, frozen=True):
    """A file of the model: its digest is SHA-256 in hex, its size in bytes."""

    path: Path
    digest: str
    size: int


class Network(msgspec.Struct, frozen=True):
    """A model file as it was read.

    Attributes:
        files: Its files, the one to load first.
        inputs: Shapes by name; -1 is any length.
        outputs: The same.
        head: What decodes the outputs (`modelyard.inference.heads`); None if no known head does.
        classes: Class names by number, as far as file and shapes tell; empty without a head.
        input_size: Width and height to set if the file leaves them open; None if it does not.
    """

    files: Sequence[File]
    inputs: Mapping[str, tuple[int, ...]]
    outputs: Mapping[str, tuple[int, ...]]
    head: str | None
    classes: Mapping[int, str]
    input_size: tuple[int, int] | None


def read_network(path: Path) -> Network:
    """Read a model file with OpenVINO, as the function will.

    Raises:
        NetworkError: it cannot be read, or only by running code in it.
    """
    suffix = path.suffix.lower()
    if suffix in _CHECKPOINTS:
        raise NetworkError(
            f"{path.name} holds weights without the network, or code; export it to ONNX "
            "(torch.onnx.export, tf2onnx) and pass that file; for TorchScript see "
            "docs/bring-your-own.md"
        )
    if suffix not in FORMATS:
        raise NetworkError(f"{path.name} is not one of {', '.join(FORMATS)}")
    # ruff: noqa: PLC0415 - slow to import, and most new functions start without a file
    from modelyard.inference.openvino_network import OpenVINOError

    try:
        files = [path] if suffix != ".xml" else [path, path.with_suffix(".bin")]
        return _read(path, [_file(part) for part in files])
    except OSError as error:
        raise NetworkError(f"cannot read {error.filename}: {error.strerror}") from None
    except OpenVINOError as error:
        raise NetworkError(str(error)) from error


def _read(path: Path, files: Sequence[File]) -> Network:
    from modelyard.inference.device import Device
    from modelyard.inference.heads.errors import HeadError
    from modelyard.inference.heads.feeding import resolve_input
    from modelyard.inference.heads.fitting import find_head
    from modelyard.inference.heads.options import HeadOptions
    from modelyard.inference.model_api_configuration import is_read
    from modelyard.inference.openvino import OpenVINOSession
    from modelyard.inference.openvino_info import model_info
    from modelyard.inference.openvino_network import read_network

    configuration = model_info(read_network(path, Device()))
    session = OpenVINOSession(path, device=Device())
    opened = any(-1 in shape[1:] for shape in session.inputs.values())
    side = (_SIDE, _SIDE) if opened else None
    classes = _configured(configuration)
    if classes and is_read(configuration):
        return Network(files, session.inputs, session.outputs, MODEL_API, classes, None)
    try:
        shapes = resolve_input(session.inputs, HeadOptions(input_size=side))
    except HeadError:
        # The input is not a single image, and heads feed nothing else.
        return Network(files, session.inputs, session.outputs, None, {}, None)
    if opened:
        session = OpenVINOSession(path, device=Device(), shapes=shapes)
    outputs = list(session.outputs.items())
    head = guess_head(outputs)
    if head is None:
        return Network(files, session.inputs, session.outputs, None, {}, None)
    (shape,) = shapes.values()
    height, width = shape[1:3] if shape[3] == 3 else shape[2:]
    count = find_head(head).classes(outputs, (width, height))
    numbers = _numbers(count, find_head(head).defaults)
    names = _named(session.metadata)
    classes = {number: names.get(number, f"class {number}") for number in names or numbers}
    return Network(files, session.inputs, session.outputs, head, classes, side)


def _file(path: Path) -> File:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return File(path.resolve(), digest, path.stat().st_size)


def _named(metadata: Mapping[str, str]) -> dict[int, str]:
    """Return the class names in the file, as YOLO exporters write them: {0: 'cat', …}."""
    try:
        names = ast.literal_eval(metadata.get("names", ""))
    except (ValueError, SyntaxError):
        return {}
    if not isinstance(names, dict):
        return {}
    return {key: str(name) for key, name in names.items() if isinstance(key, int) and str(name)}


def _configured(configuration: Mapping[str, str]) -> dict[int, str]:
    """Return the class names of a Model API configuration."""
    names = enumerate(configuration.get("labels", "").split())
    return {
        number: name.replace("_", " ") for number, name in names if not name.startswith(_NO_OBJECT)
    }


def _numbers(count: int | None, options: "HeadOptions") -> range:
    """Return an id for each class of the outputs; a single one if they do not tell how many."""
    objects = count if count is not None and 0 < count <= _MANY else 1
    if objects > 1 and options.background != "none":
        objects -= 1
    first = options.first_id + (options.background == "first")
    return range(first, first + objects)
