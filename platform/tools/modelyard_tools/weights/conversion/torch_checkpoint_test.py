"""Tests of reading PyTorch's checkpoints without running them."""

import os
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from modelyard_tools.weights.conversion.testing.checkpoints import MAGIC, write_checkpoint
from modelyard_tools.weights.conversion.torch_checkpoint import read_checkpoint
from modelyard_tools.weights.errors import WeightsError

ARRAYS: dict[str, NDArray[Any]] = {
    "conv.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2),
    "norm.bias": np.array([-1.5, 2.5], np.float32),
    "norm.num_batches_tracked": np.array(7, np.int64),
}


def test_tensors_come_back_by_name(tmp_path: Path) -> None:
    tensors = read_checkpoint(write_checkpoint(tmp_path / "x.pt", ARRAYS))
    assert list(tensors) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert tensors[name].dtype == array.dtype
        np.testing.assert_array_equal(tensors[name], array)


def test_a_part_of_a_storage_is_read(tmp_path: Path) -> None:
    views = {"norm.bias": {"offset": 1, "shape": (1,)}}
    tensors = read_checkpoint(write_checkpoint(tmp_path / "x.pt", ARRAYS, views))
    assert tensors["norm.bias"].tolist() == [2.5]


@pytest.mark.parametrize(
    "view",
    [{"offset": 1}, {"offset": -1}, {"shape": (3,)}, {"shape": (-1,)}, {"strides": (2,)}],
)
def test_a_view_beyond_its_storage_is_refused(tmp_path: Path, view: dict[str, Any]) -> None:
    path = write_checkpoint(tmp_path / "x.pt", ARRAYS, {"norm.bias": view})
    with pytest.raises(WeightsError, match="is not a contiguous part of its storage"):
        read_checkpoint(path)


class Malicious:
    """Writes a file when it is unpickled."""

    def __init__(self, call: Callable[..., Any], *arguments: Any) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call, self.arguments


def open_for_writing(path: str) -> None:
    Path(path).write_text("run")


@pytest.mark.parametrize(
    ("call", "argument", "name"),
    [
        (os.system, "echo run > {}", "posix.system"),
        (exec, "open({!r}, 'w').write('run')", "exec"),
        (eval, "open({!r}, 'w').write('run')", "eval"),
        (open_for_writing, "{}", "torch_checkpoint_test.open_for_writing"),
        (getattr, "{}", "getattr"),
    ],
)
@pytest.mark.parametrize("place", [0, 2, 3, 4])
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_malicious_pickle_is_not_run(  # noqa: PLR0917 - fixtures and cases
    tmp_path: Path,
    call: Callable[..., Any],
    argument: str,
    name: str,
    place: int,
    protocol: int,
) -> None:
    traces = tmp_path / "traces"
    attack = Malicious(call, argument.format(str(traces)))
    parts: list[Any] = [MAGIC, 1001, {}, OrderedDict(), []]
    parts[place] = attack
    path = tmp_path / "evil.pt"
    path.write_bytes(b"".join(pickle.dumps(part, protocol) for part in parts))
    if call is not getattr:
        # The pickle really is harmful: Python's own reader runs it.
        with path.open("rb") as file:
            for _ in range(place + 1):
                pickle.load(file)  # noqa: S301 - the point of the test
        assert traces.exists()
        traces.unlink()
    with pytest.raises(WeightsError, match=rf"it names (\w+\.)*{name}, which checkpoints"):
        read_checkpoint(path)
    assert not traces.exists()


@pytest.mark.parametrize(
    "content",
    [
        # OrderedDict is allowed, its attributes are not.
        b"\x80\x04\x8c\x0bcollections\x8c\x17OrderedDict.__class__\x93.",
        b"\x80\x04\x8c\x0bcollections\x8c\x20OrderedDict.__init__.__globals__\x93.",
        b"c__builtin__\neval\n.",
        b"(S'x'\nios\nsystem\n.",
        b"\x82\x01.",
        b"Pnonsense\n.",
    ],
)
def test_other_ways_to_a_name_lead_nowhere(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "evil.pt"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"cannot read evil\.pt as a checkpoint"):
        read_checkpoint(path)


@pytest.mark.parametrize("length", [0, 5, 16, 60, 300, -60, -1])
def test_a_file_cut_short_is_an_error(tmp_path: Path, length: int) -> None:
    path = write_checkpoint(tmp_path / "x.pt", ARRAYS)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(WeightsError, match=r"cannot read x\.pt as a checkpoint"):
        read_checkpoint(path)


@pytest.mark.parametrize("content", [b"PK\x03\x04 a newer one", b"text", b"\x80\x02K\x01." * 5])
def test_another_format_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.pt"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"cannot read x\.pt as a checkpoint"):
        read_checkpoint(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="No such file"):
        read_checkpoint(tmp_path / "x.pt")
