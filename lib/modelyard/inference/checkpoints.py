"""Checkpoints as their authors publish them, read without running what they may contain.

Pickle, which most of them are made of, can name any function and have it called on loading. Here
only tensors, arrays and plain containers come out; anything else is an error.
"""

import pickle
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)
Rename = Callable[[str], str | None]

# Torch's own format up to 1.5 begins with this pickled number; later it is a zip archive.
_TORCH_LEGACY: Final = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
_TORCH_REFUSES: Final = re.compile(r"[Uu]nsupported (?:global: )?GLOBAL (\S+)")
_ZIP: Final = b"PK\x03\x04"
_COUNTER: Final = ".num_batches_tracked"
_LISTED: Final = 5


class CheckpointError(Exception):
    """A file is no checkpoint that we read, or does not fit the network; one line, with the file.

    Also raised, without any of it having run, for a file that holds code.
    """


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read what a checkpoint holds, nested as it was saved.

    Known are torch's zip format, whose tensors stay in the file until they are used, its older
    format, and pickled numpy arrays, which is what detectron2 publishes.

    Returns:
        Nested dicts and lists of tensors (arrays become tensors) on the CPU and plain values.

    Raises:
        CheckpointError: it cannot be read, is something else, or names code to be run.
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
                # Python 2 wrote some of detectron2's, and bytes were text to it.
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
    """Read the tensors by name that lie in a checkpoint under `keys`, one key a level.

    Raises:
        CheckpointError: as `read_checkpoint` and `state_in`.
    """
    return state_in(read_checkpoint(path), *keys, path=path)


def find_state(path: Path, *keys: str) -> dict[str, Tensor]:
    """Read the tensors by name that a checkpoint holds under one of `keys`, or by themselves.

    Raises:
        CheckpointError: as `read_checkpoint` and `state_in`.
    """
    content = read_checkpoint(path)
    nested = [key for key in keys if key in content]
    return state_in(content, *nested[:1], path=path)


def state_in(content: Any, *keys: str, path: Path) -> dict[str, Tensor]:
    """Return the tensors by name that lie under `keys` in what a checkpoint at `path` holds.

    Raises:
        CheckpointError: there are no such keys, or there is something else than tensors.
    """
    for key in keys:
        if not (isinstance(content, Mapping) and key in content):
            there = _some(content) if isinstance(content, Mapping) else type(content).__name__
            raise CheckpointError(f"{path} has no {key!r}; there are: {there}")
        content = content[key]
    if not isinstance(content, Mapping):
        raise CheckpointError(f"{path} has no tensors under {keys}")
    others = [str(name) for name, value in content.items() if not isinstance(value, Tensor)]
    if others:
        raise CheckpointError(f"{path} has values that are no tensors: {_some(others)}")
    return dict(content)


def without_prefix(prefix: str) -> Rename:
    """Return what takes `prefix` off keys, such as the `module.` of DataParallel."""
    return lambda key: key.removeprefix(prefix)


def build_network(
    make: Callable[[], Network],
    state: Mapping[str, Tensor],
    *,
    source: Path | str,
    rename: Rename | None = None,
) -> Network:
    """Return the network that `make` makes, with the weights of `state`.

    Nothing is initialised or copied first. So `make` must not compute tensors that are not in
    `state`, such as tables of positions; those belong into the network's first call.

    Raises:
        CheckpointError: see `load_state`.
        TypeError: the network holds such a tensor.
    """
    with torch.device("meta"):
        network = make()
    load_state(network, state, source=source, rename=rename)
    empty = [name for name, buffer in network.named_buffers() if buffer.is_meta]
    if empty:
        raise TypeError(f"{type(network).__name__} computes {_some(empty)} when it is made")
    return network


def load_state(
    network: nn.Module,
    state: Mapping[str, Tensor],
    *,
    source: Path | str,
    rename: Rename | None = None,
) -> None:
    """Take every weight of a network from `state`, and use all of `state`.

    The tensors are taken over, not copied, unless they are of another dtype. Checkpoints older
    than torch 0.4.1 lack the batch counters of batch normalisation, which only training reads.

    Args:
        network: What to fill.
        state: Tensors by the names of the checkpoint.
        source: The checkpoint, for messages.
        rename: From a name of the checkpoint to that of the network, or to None for a tensor
            that is meant to be left out.

    Raises:
        CheckpointError: names all keys that are missing, left over or of another shape.
    """
    wanted = network.state_dict()
    given: dict[str, Tensor] = {}
    for key, tensor in state.items():
        name = rename(key) if rename else key
        if name in given:
            raise CheckpointError(f"{source} has {name} twice, the second time as {key}")
        if name is not None:
            given[name] = tensor
    for name in wanted.keys() - given.keys():
        if name.endswith(_COUNTER):
            given[name] = torch.zeros((), dtype=torch.int64)
    both = [name for name in wanted if name in given]
    misfits = {
        "missing": [name for name in wanted if name not in given],
        "left over": [name for name in given if name not in wanted],
        "of another shape": [
            f"{name} {_shape(given[name])} for {_shape(wanted[name])}"
            for name in both
            if given[name].shape != wanted[name].shape
        ],
    }
    problems = [f"{len(names)} {how}: {_some(names)}" for how, names in misfits.items() if names]
    if problems:
        raise CheckpointError(
            f"{source} does not fit {type(network).__name__}: {'; '.join(problems)}"
        )
    fitting = {name: given[name].to(wanted[name].dtype) for name in both}
    network.load_state_dict(fitting, assign=True)


def _latin1(text: str, encoding: str) -> bytes:
    """Stand in for codecs.encode, by which Python 3 writes bytes into old pickles."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes encoded as {encoding!r}")
    return text.encode("latin1")


def _no_bytes() -> bytes:
    """Stand in for `bytes`, which would also reserve any number of them."""
    return b""


# The functions that numpy's own pickles call, as numpy itself states them.
_ARRAY: Final = np.empty(0).__reduce__()[0]
_SCALAR: Final = np.float64(0).__reduce__()[0]
_BUFFER: Final = np.empty(0).__reduce_ex__(5)[0]

_ALLOWED: Final[dict[tuple[str, str], Any]] = {
    ("_codecs", "encode"): _latin1,
    # No bytes at all, in Python 3's and in Python 2's name for them.
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

# Torch's files hold these for a best score or an epoch beside the tensors.
_NUMPY_SCALARS: Final[list[Any]] = [
    np.dtype,
    (_SCALAR, "numpy.core.multiarray.scalar"),
    (_SCALAR, "numpy._core.multiarray.scalar"),
    *(type(np.dtype(code)) for code in "?bhilqBHILQefd"),
]


class _ArrayUnpickler(pickle.Unpickler):
    """Reads containers, plain values and numpy arrays, and refuses the rest."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what a pickle may name."""
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
    """Return one line; torch's own advice to load the file with all it contains is left out."""
    text = " ".join(str(error).split())
    if named := _TORCH_REFUSES.search(text):
        return f"it names {named[1]}, which is not allowed"
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__


def _some(names: Any) -> str:
    listed = [str(name) for name in names]
    more = f", … ({len(listed)})" if len(listed) > _LISTED else ""
    return ", ".join(listed[:_LISTED]) + more


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"
