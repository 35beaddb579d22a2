"""Small checkpoints in PyTorch's format of before version 1.6, written out by tests."""

import pickle
import sys
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

MAGIC = 0x1950A86A20F9469CFC6C
_STORAGE_OF = {"float32": "FloatStorage", "int64": "LongStorage"}


def _rebuild_tensor_v2(*arguments: Any) -> None:
    """Only named in pickles, never called."""


_rebuild_tensor_v2.__module__ = "torch._utils"


class _Tensor:
    """Pickled as PyTorch pickles a tensor; the whole of its storage unless told otherwise."""

    def __init__(self, key: str, array: NDArray[Any], **view: Any) -> None:
        self.key = key
        self.array = array
        strides = tuple(stride // array.itemsize for stride in array.strides)
        self.view = {"offset": 0, "shape": array.shape, "strides": strides, **view}

    def __reduce__(self) -> tuple[Any, ...]:
        storage = _Storage(self.key, _STORAGE_OF[self.array.dtype.name], self.array.size)
        return _rebuild_tensor_v2, (storage, *self.view.values(), False, OrderedDict())


class _Storage:
    def __init__(self, key: str, kind: str, count: int) -> None:
        self.key, self.kind, self.count = key, kind, count


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: Any) -> Any:
        if isinstance(obj, _Storage):
            kind = getattr(sys.modules["torch"], obj.kind)
            return ("storage", kind, obj.key, "cpu", obj.count, None)
        return None


def write_checkpoint(
    path: Path, arrays: Mapping[str, NDArray[Any]], views: Mapping[str, Mapping[str, Any]] = {}
) -> Path:
    """Write arrays by name; `views` replaces offset, shape or strides of some."""
    torch, utilities = ModuleType("torch"), ModuleType("torch._utils")
    for kind in _STORAGE_OF.values():
        storage = type(kind, (), {})
        storage.__module__ = "torch"
        setattr(torch, kind, storage)
    utilities.__dict__["_rebuild_tensor_v2"] = _rebuild_tensor_v2
    tensors = OrderedDict(
        (name, _Tensor(str(index), array, **views.get(name, {})))
        for index, (name, array) in enumerate(arrays.items())
    )
    with (
        patch.dict(sys.modules, {"torch": torch, "torch._utils": utilities}),
        path.open("wb") as file,
    ):
        for part in (MAGIC, 1001, {"protocol_version": 1001, "little_endian": True}, tensors):
            _Pickler(file, 2).dump(part)
        pickle.dump([tensor.key for tensor in tensors.values()], file, 2)
        for tensor in tensors.values():
            file.write(np.int64(tensor.array.size).tobytes() + tensor.array.tobytes())
    return path
