"""The values of a TensorFlow.js graph model: a manifest in model.json and shard files."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from modelyard_tools.weights.errors import WeightsError

Weights = Mapping[str, NDArray[Any]]

_STORED: Final = {
    "bool": np.dtype("?"),
    "float16": np.dtype("<f2"),
    "float32": np.dtype("<f4"),
    "int32": np.dtype("<i4"),
    "uint8": np.dtype("u1"),
    "uint16": np.dtype("<u2"),
}


class Quantisation(msgspec.Struct, frozen=True):
    """How a value is quantised: as float16, or as integers q with scale * q + min."""

    dtype: Literal["float16", "uint8", "uint16"]
    scale: float = 1.0
    min: float = 0.0


class Entry(msgspec.Struct, frozen=True):
    """One value; values are stored one after the other, little-endian, without gaps."""

    name: str
    shape: tuple[Annotated[int, msgspec.Meta(ge=0)], ...]
    dtype: Literal["bool", "float32", "int32"]
    quantization: Quantisation | None = None


class Group(msgspec.Struct, frozen=True):
    """Values in the concatenated files `paths`. Values may cross file boundaries."""

    paths: tuple[str, ...]
    weights: tuple[Entry, ...]


def read_weights(manifest: Sequence[Group], folder: Path) -> Weights:
    """Return the values by name, in the dtypes of their entries, from shards in `folder`.

    Raises:
        WeightsError: a shard cannot be read, or the sizes do not match.
    """
    weights: dict[str, NDArray[Any]] = {}
    for group in manifest:
        data = b"".join(_read_shard(folder, name) for name in group.paths)
        offset = 0
        for entry in group.weights:
            weights[entry.name], offset = _read_value(entry, data, offset)
        if offset != len(data):
            raise WeightsError(
                f"{', '.join(group.paths)}: {len(data)} bytes, but the manifest describes "
                f"{offset}; the shards and the manifest are not of the same model"
            )
    return weights


def _read_shard(folder: Path, name: str) -> bytes:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise WeightsError(f"the manifest names a shard outside its folder: {name}")
    try:
        return path.read_bytes()
    except OSError as error:
        raise WeightsError(f"cannot read the shard {path}: {error.strerror}") from error


def _read_value(entry: Entry, data: bytes, offset: int) -> tuple[NDArray[Any], int]:
    """Return the value that starts at `offset`, and the offset of the next one."""
    quantisation = entry.quantization
    stored_as = _STORED[quantisation.dtype if quantisation else entry.dtype]
    count = math.prod(entry.shape)
    end = offset + count * stored_as.itemsize
    if end > len(data):
        raise WeightsError(f"the value {entry.name} is beyond the {len(data)} bytes of its shards")
    value = np.frombuffer(data, stored_as, count, offset).reshape(entry.shape)
    return _expand(value, quantisation, _STORED[entry.dtype]), end


def _expand(
    value: NDArray[Any], quantisation: Quantisation | None, dtype: np.dtype[Any]
) -> NDArray[Any]:
    if quantisation is None:
        return value
    if quantisation.dtype == "float16":
        return value.astype(dtype)
    expanded = value.astype(np.float32) * np.float32(quantisation.scale)
    expanded += np.float32(quantisation.min)
    return (np.rint(expanded) if dtype.kind == "i" else expanded).astype(dtype)
