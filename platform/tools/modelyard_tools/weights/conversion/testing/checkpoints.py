"""Checkpoints in PyTorch's format before version 1.6, and the layers in them, for tests."""

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

Tensors = dict[str, NDArray[Any]]

MAGIC = 0x1950A86A20F9469CFC6C
_STORAGE_OF = {"float32": "FloatStorage", "int64": "LongStorage"}


def _rebuild_tensor_v2(*arguments: Any) -> None:
    """Named in pickles but never called."""


_rebuild_tensor_v2.__module__ = "torch._utils"


class _Tensor:
    """Pickled as PyTorch pickles a tensor; by default the whole of its storage."""

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
    """Write arrays by name; `views` overrides offset, shape or strides of some."""
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


def random_layer(
    random: np.random.Generator, convolution: str, norm: str, shape: tuple[int, ...]
) -> Tensors:
    """Return the tensors of a convolution with filters of `shape` and its normalisation."""
    spread = int(np.prod(shape[1:])) ** -0.5
    values = {
        f"{convolution}.weight": random.normal(0, spread, shape),
        f"{norm}.weight": random.uniform(0.5, 1.5, shape[0]),
        f"{norm}.bias": random.normal(0.5, 0.5, shape[0]),
        f"{norm}.running_mean": random.normal(0, 0.3, shape[0]),
        f"{norm}.running_var": random.uniform(0.5, 1.5, shape[0]),
    }
    found = {name: array.astype(np.float32) for name, array in values.items()}
    return {**found, f"{norm}.num_batches_tracked": np.array(3)}


def normalised(
    tensors: Mapping[str, NDArray[Any]],
    images: NDArray[Any],
    convolution: str,
    norm: str,
    *,
    stride: int = 1,
    dilation: int = 1,
) -> NDArray[Any]:
    """Apply a convolution and its normalisation, without folding one into the other."""
    filters = tensors[f"{convolution}.weight"].astype(np.float64)
    found = convolve(images, filters, stride, dilation)
    scale, shift, mean, variance = (
        tensors[f"{norm}.{part}"][:, None, None]
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    return np.asarray((found - mean) / np.sqrt(variance + 1e-5) * scale + shift)


def convolve(
    images: NDArray[Any], filters: NDArray[Any], stride: int = 1, dilation: int = 1
) -> NDArray[Any]:
    """Convolve by definition; filters with one input are applied depthwise."""
    side = filters.shape[2]
    half, span = side // 2 * dilation, (side - 1) * dilation + 1
    padded = np.pad(images, [(0, 0), (0, 0), (half, half), (half, half)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (span, span), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride, ::dilation, ::dilation]
    if filters.shape[1] == 1:
        return np.asarray(np.einsum("nchwij,cij->nchw", windows, filters[:, 0], optimize=True))
    return np.asarray(np.einsum("nchwij,ocij->nohw", windows, filters, optimize=True))
