"""The files of a model: which formats are read, which files belong together, their digests."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
import onnx
from google.protobuf.message import DecodeError
from onnx import external_data_helper

from modelyard_tools.scaffold.errors import NetworkError

FORMATS: Final = (".onnx", ".xml", ".pb", ".tflite")
"""File types that OpenVINO reads."""
TORCHSCRIPT: Final = (".torchscript",)
CHECKPOINTS: Final = (".pt", ".pth", ".ckpt")
"""File types of `torch.save`; of `torch.jit.save` too."""
_WEIGHTS: Final = (".pkl", ".safetensors", ".h5", ".keras")
_POINTER: Final = b"version https://git-lfs.github.com/spec/"


class File(msgspec.Struct, frozen=True):
    """A file of the model: its digest is SHA-256 in hex, its size in bytes."""

    path: Path
    digest: str
    size: int


def check_format(path: Path) -> None:
    """Check that a file may be a model that OpenVINO reads, or that the build converts.

    Raises:
        NetworkError: it is not.
        OSError: it cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix in _WEIGHTS:
        raise NetworkError(
            f"{path.name} holds weights without the network, or code; export it to ONNX "
            "(torch.onnx.export, tf2onnx) and pass that file"
        )
    accepted = (*FORMATS, *TORCHSCRIPT, *CHECKPOINTS)
    if suffix not in accepted:
        raise NetworkError(f"{path.name} is not one of {', '.join(accepted)}")
    _check_content(path)


def parts(path: Path) -> Sequence[Path]:
    """Return the files of a model, the one to load first.

    Raises:
        NetworkError: one of them is not a file in the same folder, or is a Git LFS pointer.
        OSError: one cannot be read.
    """
    suffix = path.suffix.lower()
    more = []
    if suffix == ".xml":
        more = [path.with_suffix(".bin")]
    elif suffix == ".onnx":
        more = [path.parent / name for name in sorted(set(_external(path)))]
    for part in more:
        _check_content(part)
    return [path, *more]


def hashed(path: Path) -> File:
    """Return a file with its digest."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return File(path.resolve(), digest, path.stat().st_size)


def load_onnx(path: Path) -> onnx.ModelProto | None:
    """Return an ONNX file without the data that it keeps in others; None if it is not one."""
    try:
        return onnx.load(str(path), load_external_data=False)
    except (DecodeError, ValueError):
        return None


def _external(path: Path) -> Iterator[str]:
    """Yield the names of the files in which an ONNX file keeps its weights.

    Raises:
        NetworkError: one is in another folder.
    """
    model = load_onnx(path)
    if model is None:
        return
    for tensor in external_data_helper._get_all_tensors(model):
        for entry in (
            tensor.external_data if external_data_helper.uses_external_data(tensor) else ()
        ):
            if entry.key == "location":
                if Path(entry.value).name != entry.value:
                    raise NetworkError(
                        f"{path.name} keeps weights in {entry.value!r}, in another folder; save it "
                        "again with its data beside it"
                    )
                yield entry.value


def _check_content(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(len(_POINTER))
    if start == _POINTER:
        raise NetworkError(
            f"{path.name} is a Git LFS pointer, not the file itself; fetch it with git lfs pull"
        )
    if not start:
        raise NetworkError(f"{path.name} is empty")
