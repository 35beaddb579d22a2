"""Reads PyTorch checkpoints from before version 1.6, without PyTorch and without running any code.

Such a file is a sequence of pickles (a magic number, the protocol, sizes of C types, the object,
the keys of its storages) followed by the raw values of the storages. A pickle can name functions to
call on loading. Here only the names that checkpoints of tensors need are allowed, with harmless
replacements; any other name is an error before anything is called.
"""

import math
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from modelyard_tools.weights.errors import WeightsError

_MAGIC: Final = 0x1950A86A20F9469CFC6C
_PROTOCOL: Final = 1001
_COUNT: Final = np.dtype("<i8")
_STORAGES: Final = {
    "ByteStorage": np.dtype("u1"),
    "DoubleStorage": np.dtype("<f8"),
    "FloatStorage": np.dtype("<f4"),
    "HalfStorage": np.dtype("<f2"),
    "IntStorage": np.dtype("<i4"),
    "LongStorage": np.dtype("<i8"),
}


class _Storage(NamedTuple):
    """Values that tensors are views of."""

    key: str
    dtype: np.dtype[Any]
    length: int


class _Tensor(NamedTuple):
    """A view of a storage, without PyTorch's gradient flag and hooks."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Reader(pickle.Unpickler):
    """Creates plain values, `_Storage` and `_Tensor`, and refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        """Return our replacement for a global name."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) in {
            ("torch._utils", "_rebuild_tensor"),
            ("torch._utils", "_rebuild_tensor_v2"),
        }:
            return _view
        if module == "torch" and name in _STORAGES:
            # Not a function, so it cannot be called.
            return _STORAGES[name]
        raise WeightsError(f"it names {module}.{name}, which checkpoints of tensors do not need")

    def persistent_load(self, pid: Any) -> _Storage:
        """Return the storage that a persistent id describes."""
        match pid:
            case ("storage", np.dtype() as dtype, str(key), str(), int(count), *_) if count >= 0:
                return _Storage(key, dtype, count)
        raise WeightsError("it refers to something other than a storage")


def _view(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


def read_checkpoint(path: Path) -> Mapping[str, NDArray[Any]]:
    """Return the tensors of a state dictionary by name; keys keep their order.

    Raises:
        WeightsError: it cannot be read, is damaged or in another format, contains anything but
            tensors by name, or names code.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror}") from error
    except WeightsError as error:
        raise WeightsError(f"cannot read {path.name} as a checkpoint: {error}") from error
    except Exception as error:
        # pickle does not document what it raises for damaged input; nearly anything is possible.
        raise WeightsError(
            f"cannot read {path.name} as a checkpoint: {type(error).__name__}: {error}"
        ) from error


def _read(file: BinaryIO) -> Mapping[str, NDArray[Any]]:
    magic, protocol, system = (_Reader(file).load() for _ in range(3))
    if (magic, protocol) != (_MAGIC, _PROTOCOL):
        raise WeightsError("it is not in PyTorch's format from before version 1.6")
    if not system.get("little_endian", True):
        raise WeightsError("its values are big-endian")
    tensors = _Reader(file).load()
    if not isinstance(tensors, dict) or not all(
        isinstance(name, str) and isinstance(tensor, _Tensor) for name, tensor in tensors.items()
    ):
        raise WeightsError("it contains something other than tensors by name")
    keys = _Reader(file).load()
    storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    values = {key: _values(file, storages[key]) for key in keys}
    return {name: _array(tensor, values[tensor.storage.key]) for name, tensor in tensors.items()}


def _values(file: BinaryIO, storage: _Storage) -> NDArray[Any]:
    count = int(np.frombuffer(file.read(_COUNT.itemsize), _COUNT)[0])
    if count != storage.length:
        raise WeightsError(f"a storage has {count} values, but {storage.length} are declared")
    return np.frombuffer(_exactly(file, count * storage.dtype.itemsize), storage.dtype)


def _exactly(file: BinaryIO, length: int) -> bytes:
    data = file.read(length)
    if len(data) < length:
        raise WeightsError("it ends early")
    return data


def _array(tensor: _Tensor, values: NDArray[Any]) -> NDArray[Any]:
    dense = tuple(math.prod(tensor.shape[axis + 1 :]) for axis in range(len(tensor.shape)))
    end = tensor.offset + math.prod(tensor.shape)
    if tensor.strides != dense or min(tensor.offset, *tensor.shape, 0) < 0 or end > len(values):
        raise WeightsError(f"a tensor {tensor.shape} is not a contiguous part of its storage")
    return values[tensor.offset : end].reshape(tensor.shape)
