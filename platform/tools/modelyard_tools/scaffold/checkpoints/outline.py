"""The outline of a PyTorch checkpoint: what it pickles, without PyTorch and without running it.

Since PyTorch 1.6 `torch.save` writes a zip archive with a pickle, `data.pkl`, and the values of the
tensors in other members. Every class and function that the pickle names stands for a class of ours
here, which keeps attributes and does nothing else; tensors have no values.
"""

import pickle
import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple

from modelyard_tools.scaffold.errors import NetworkError

_PICKLE: Final = "data.pkl"
_CODE: Final = "code/"
_LARGEST: Final = 64_000_000


class _Mapping(dict[Any, Any]):
    """A dict of a checkpoint; unlike a plain one it may have attributes."""

    def __init__(self, *_: Any) -> None:
        """Start empty, whatever the pickle passes: its items follow."""


_CONTAINERS: Final[dict[tuple[str, str], type]] = {
    ("collections", "OrderedDict"): _Mapping,
    ("collections", "defaultdict"): _Mapping,
}


class Instance:
    """An object of a class that a checkpoint names, `kind`, with its attributes."""

    kind: ClassVar[str] = ""

    def __new__(cls, *_: Any, **__: Any) -> "Instance":
        """Keep none of the arguments."""
        made = super().__new__(cls)
        made.attributes = {}
        return made

    def __init__(self, *_: Any, **__: Any) -> None:
        self.attributes: dict[str, Any]

    def __setstate__(self, state: Any) -> None:
        for part in state if isinstance(state, tuple) else (state,):
            if isinstance(part, dict):
                self.attributes |= part

    def __setitem__(self, key: Any, value: Any) -> None:
        """Ignore what a kind of dict holds."""

    def append(self, value: Any) -> None:
        """Ignore what a kind of list holds."""


class Outline(NamedTuple):
    """What a checkpoint holds at its root, and the names of the classes and functions in it."""

    root: Any
    names: frozenset[str]


class _Reader(pickle.Unpickler):
    """Creates plain values and `Instance`s only."""

    def __init__(self, data: bytes) -> None:
        super().__init__(BytesIO(data))
        self.names: dict[str, type] = {}

    def find_class(self, module: str, name: str) -> Any:
        """Return the class of ours for a global name; none is imported."""
        if (module, name) in _CONTAINERS:
            return _CONTAINERS[module, name]
        full = f"{module}.{name}"
        return self.names.setdefault(full, type(name, (Instance,), {"kind": full}))

    def persistent_load(self, _: Any) -> None:
        """Return nothing for the values of a tensor."""
        return


def is_torchscript(path: Path) -> bool:
    """Whether `torch.jit.save` wrote a file, whatever its extension."""
    if not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(below.startswith(_CODE) for _, below in _members(archive))
    except zipfile.BadZipFile:
        return False


def outline(path: Path) -> Outline:
    """Return the outline of a checkpoint.

    Raises:
        NetworkError: it is damaged, or not one of PyTorch 1.6 and newer.
        OSError: it cannot be read.
    """
    if not zipfile.is_zipfile(path):
        raise NetworkError(
            f"{path.name} is no checkpoint of PyTorch 1.6 or newer; export it to ONNX where it was "
            "trained (torch.onnx.export) and pass that file"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            name = next((name for name, below in _members(archive) if below == _PICKLE), None)
            if name is None:
                raise NetworkError(f"{path.name} is an archive without {_PICKLE}, so no checkpoint")
            if archive.getinfo(name).file_size > _LARGEST:
                raise NetworkError(f"{path.name} holds more than tensors and their names")
            reader = _Reader(archive.read(name))
        return Outline(reader.load(), frozenset(reader.names))
    except (NetworkError, OSError):
        raise
    # Neither zipfile nor pickle document what they raise for damaged input.
    except Exception as error:
        raise NetworkError(f"{path.name} is damaged: {type(error).__name__}: {error}") from error


def _members(archive: zipfile.ZipFile) -> Sequence[tuple[str, str]]:
    """Return each member's name, and its name below the archive's only folder."""
    return [(name, name.partition("/")[2]) for name in archive.namelist()]
