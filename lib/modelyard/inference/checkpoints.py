"""Reads checkpoints as published, without running code that they may contain.

Most are pickles, which can have any function called on loading. Here only tensors, arrays and plain
containers are accepted; anything else is an error.
"""

import pickle
import re
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

# Torch's format up to 1.5 starts with this pickled number; later it is a zip archive.
_TORCH_LEGACY: Final = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
_TORCH_REFUSES: Final = re.compile(r"[Uu]nsupported (?:global: )?GLOBAL (\S+)")
_ZIP: Final = b"PK\x03\x04"
_LISTED: Final = 5


class CheckpointError(Exception):
    """A file is not a supported checkpoint or does not fit the network; one line, with the file.

    Also raised for a file that contains code; none of it has run.
    """


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read the contents of a checkpoint, nested as saved.

    Supports torch's zip format, whose tensors are memory-mapped, its older format, and pickled
    numpy arrays, as published by detectron2.

    Returns:
        Nested dicts and lists of plain values and CPU tensors (arrays become tensors).

    Raises:
        CheckpointError: it cannot be read, is something else, or names code to run.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(_TORCH_LEGACY))
            file.seek(0)
            if start.startswith(_ZIP) or start == _TORCH_LEGACY:
                with torch.serialization.safe_globals(_NUMPY_SCALARS):
                    content = torch.load(
                        path, map_location="cpu", weights_only=True, mmap=start.startswith(_ZIP)
                    )
            else:
                # Some of detectron2's were written by Python 2, whose bytes are text.
                content = _to_tensors(_ArrayUnpickler(file, encoding="latin1").load())
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:
        # Damaged pickles fail with nearly any exception.
        raise CheckpointError(f"cannot read {path}: {_reason(error)}") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} holds a {type(content).__name__}, not a dict of tensors")
    return content


def read_state(path: Path, *keys: str) -> dict[str, Tensor]:
    """Read the tensors by name under `keys` of a checkpoint, one key per level.

    Raises:
        CheckpointError: see `read_checkpoint` and `state_in`.
    """
    return state_in(read_checkpoint(path), *keys, path=path)


def find_state(path: Path, *keys: str) -> dict[str, Tensor]:
    """Read the tensors by name under one of `keys` of a checkpoint, or at its top level.

    Raises:
        CheckpointError: see `read_checkpoint` and `state_in`.
    """
    content = read_checkpoint(path)
    nested = [key for key in keys if key in content]
    return state_in(content, *nested[:1], path=path)


def state_in(content: Any, *keys: str, path: Path) -> dict[str, Tensor]:
    """Return the tensors by name under `keys` in the content of the checkpoint at `path`.

    Raises:
        CheckpointError: a key is missing, or a value is not a tensor.
    """
    for key in keys:
        if not (isinstance(content, Mapping) and key in content):
            there = abridged(content) if isinstance(content, Mapping) else type(content).__name__
            raise CheckpointError(f"{path} does not have the key {key!r}; it has: {there}")
        content = content[key]
    if not isinstance(content, Mapping):
        raise CheckpointError(f"{path} does not have tensors under {keys}")
    others = [str(name) for name, value in content.items() if not isinstance(value, Tensor)]
    if others:
        raise CheckpointError(f"{path} has values that are not tensors: {abridged(others)}")
    return dict(content)


def _latin1(text: str, encoding: str) -> bytes:
    """Replace codecs.encode, with which Python 3 writes bytes into old pickles."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes encoded as {encoding!r}")
    return text.encode("latin1")


def _no_bytes() -> bytes:
    """Replace `bytes`, which would also allocate any amount of memory."""
    return b""


# The functions that numpy's pickles call, taken from numpy itself.
_ARRAY: Final = np.empty(0).__reduce__()[0]
_SCALAR: Final = np.float64(0).__reduce__()[0]
_BUFFER: Final = np.empty(0).__reduce_ex__(5)[0]

_ALLOWED: Final[dict[tuple[str, str], Any]] = {
    ("_codecs", "encode"): _latin1,
    # Empty bytes, by the names of Python 3 and Python 2.
    ("builtins", "bytes"): _no_bytes,
    ("__builtin__", "bytes"): _no_bytes,
    ("collections", "OrderedDict"): OrderedDict,
    ("numpy", "dtype"): np.dtype,
    ("numpy", "ndarray"): np.ndarray,
    # The package was renamed in numpy 2.
    ("numpy.core.multiarray", "_reconstruct"): _ARRAY,
    ("numpy.core.multiarray", "scalar"): _SCALAR,
    ("numpy.core.numeric", "_frombuffer"): _BUFFER,
    ("numpy._core.multiarray", "_reconstruct"): _ARRAY,
    ("numpy._core.multiarray", "scalar"): _SCALAR,
    ("numpy._core.numeric", "_frombuffer"): _BUFFER,
}

# Torch's files use these for a best score or an epoch beside the tensors.
_NUMPY_SCALARS: Final[list[Any]] = [
    np.dtype,
    (_SCALAR, "numpy.core.multiarray.scalar"),
    (_SCALAR, "numpy._core.multiarray.scalar"),
    *(type(np.dtype(code)) for code in "?bhilqBHILQefd"),
]


class _ArrayUnpickler(pickle.Unpickler):
    """Reads containers, plain values and numpy arrays, and refuses the rest."""

    def find_class(self, module: str, name: str) -> Any:
        """Return an allowed object by name."""
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"it names {module}.{name}, which is not allowed"
            ) from None


def _to_tensors(value: Any) -> Any:
    """Turn the arrays in nested dicts, lists and tuples into tensors, and scalars into numbers."""
    match value:
        case dict():
            return {key: _to_tensors(item) for key, item in value.items()}
        case list() | tuple():
            return [_to_tensors(item) for item in value]
        case np.ndarray():
            return torch.from_numpy(value if value.flags.writeable else value.copy())
        case np.generic():
            return value.item()
        case _:
            return value


def _reason(error: Exception) -> str:
    """Return one line, without torch's advice to load the file unsafely."""
    text = " ".join(str(error).split())
    if named := _TORCH_REFUSES.search(text):
        return f"it names {named[1]}, which is not allowed"
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__


def abridged(names: Any) -> str:
    """Return the first few names in one line, and how many there are."""
    listed = [str(name) for name in names]
    more = f", … ({len(listed)})" if len(listed) > _LISTED else ""
    return ", ".join(listed[:_LISTED]) + more
