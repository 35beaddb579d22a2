"""Checkpoints of every format, valid and malicious."""

import io
import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from modelyard.inference.checkpoints import CheckpointError, find_state, read_checkpoint, read_state

TENSORS = {"conv.weight": torch.arange(6.0).reshape(2, 3), "conv.bias": torch.tensor([1.0, 2.0])}


class Malice:
    """Creates a folder when it is unpickled without protection."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.target),)


def save_torch(content: Any, path: Path, *, zipped: bool) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    return path


def save_pickle(content: Any, path: Path, protocol: int) -> Path:
    path.write_bytes(pickle.dumps(content, protocol))
    return path


@pytest.mark.parametrize("zipped", [True, False])
def test_torchs_formats(tmp_path: Path, zipped: bool) -> None:
    content = {"state_dict": OrderedDict(TENSORS), "epoch": 3, "best": np.float64(0.5)}
    read = read_checkpoint(save_torch(content, tmp_path / "a.pth", zipped=zipped))
    assert read["epoch"] == 3
    assert read["best"] == 0.5
    assert read["state_dict"].keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert torch.equal(read["state_dict"][name], tensor)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickled_arrays(tmp_path: Path, protocol: int) -> None:
    arrays = {name: tensor.numpy() for name, tensor in TENSORS.items()}
    content = {
        "model": OrderedDict(arrays),
        "__author__": "somebody",
        "scale": np.float32(2),
        "empty": np.zeros((0, 3), np.int64),
        "list": [np.array(7)],
    }
    read = read_checkpoint(save_pickle(content, tmp_path / "a.pkl", protocol))
    for name, tensor in TENSORS.items():
        assert torch.equal(read["model"][name], tensor)
        read["model"][name] += 1
    assert read["__author__"] == "somebody"
    assert read["scale"] == 2
    assert read["empty"].shape == (0, 3)
    assert read["list"][0].item() == 7


def test_what_numpy_1_and_python_2_wrote(tmp_path: Path) -> None:
    data = pickle.dumps({"a": np.array([1.5, -2.0], "<f4")}, 2)
    assert b"numpy._core.multiarray" in data
    old = data.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    (tmp_path / "a.pkl").write_bytes(old)
    assert read_checkpoint(tmp_path / "a.pkl")["a"].tolist() == [1.5, -2.0]
    # Python 2: the array's bytes are latin1 text.
    python2 = (
        b"\x80\x02}U\x01acnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x02\x85cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xff"
        b"J\xff\xff\xff\xffK\x00tb\x89U\x08\x00\x00\xc0\x3f\x00\x00\x00\xc0tbs."
    )
    (tmp_path / "b.pkl").write_bytes(python2)
    assert read_checkpoint(tmp_path / "b.pkl")["a"].tolist() == [1.5, -2.0]


@pytest.mark.parametrize("form", ["zip", "legacy", "pickle"])
def test_code_in_a_checkpoint_does_not_run(tmp_path: Path, form: str) -> None:
    target = tmp_path / "malice"
    tensor = TENSORS["conv.bias"]
    path = tmp_path / "bad"
    if form == "pickle":
        save_pickle({"model": tensor.numpy(), "extra": Malice(target)}, path, 2)
    else:
        save_torch({"model": tensor, "extra": Malice(target)}, path, zipped=form == "zip")
    with pytest.raises(CheckpointError, match=r"bad: .*it names posix\.mkdir, which is not"):
        read_checkpoint(path)
    assert not target.exists()
    # Unprotected, the same file does its harm, so this test can fail.
    if form == "pickle":
        pickle.loads(path.read_bytes())  # noqa: S301
    else:
        torch.load(path, weights_only=False)
    assert target.exists()


@pytest.mark.parametrize(
    "named", ["builtins.eval", "builtins.getattr", "numpy.load", "torch.load", "os.system"]
)
def test_nothing_that_could_run_code_may_be_named(tmp_path: Path, named: str) -> None:
    module, _, name = named.rpartition(".")
    (tmp_path / "bad").write_bytes(f"c{module}\n{name}\n.".encode())
    with pytest.raises(CheckpointError, match=f"it names {named}, which is not allowed"):
        read_checkpoint(tmp_path / "bad")


def test_bytes_come_by_one_encoding_only(tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"c_codecs\nencode\n(Vx\nVzip\ntR.")
    with pytest.raises(CheckpointError, match="bytes encoded as 'zip'"):
        read_checkpoint(tmp_path / "bad")


def test_damaged_and_foreign_files_are_named(tmp_path: Path) -> None:
    whole = io.BytesIO()
    torch.save(TENSORS, whole)
    contents = {
        "empty": b"",
        "text": b"<html>not found</html>",
        "half": whole.getvalue()[: len(whole.getvalue()) // 2],
        "objects": pickle.dumps({"a": np.array([{}, None], object)}),
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(CheckpointError, match=f"cannot read .*{name}: ") as caught:
            read_checkpoint(tmp_path / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(CheckpointError, match=r"cannot read .*gone: No such file"):
        read_checkpoint(tmp_path / "gone")
    (tmp_path / "list").write_bytes(pickle.dumps([1]))
    with pytest.raises(CheckpointError, match="list holds a list, not a dict"):
        read_checkpoint(tmp_path / "list")


def test_nested_tensors_are_found_by_their_keys(tmp_path: Path) -> None:
    path = save_torch({"a": {"b": TENSORS}, "c": 1}, tmp_path / "x", zipped=True)
    assert read_state(path, "a", "b").keys() == TENSORS.keys()
    with pytest.raises(CheckpointError, match=r"does not have the key 'z'; it has: a, c"):
        read_state(path, "z")
    with pytest.raises(CheckpointError, match=r"does not have the key 'z'; it has: int"):
        read_state(path, "c", "z")
    with pytest.raises(CheckpointError, match=r"values that are not tensors: a, c"):
        read_state(path)


@pytest.mark.parametrize("content", [TENSORS, {"model": TENSORS, "epoch": 3}])
def test_tensors_are_found_under_a_key_or_by_themselves(
    tmp_path: Path, content: dict[str, Any]
) -> None:
    path = save_torch(content, tmp_path / "x", zipped=True)
    assert find_state(path, "state_dict", "model").keys() == TENSORS.keys()


def test_what_is_neither_is_one_line(tmp_path: Path) -> None:
    path = save_torch({"weights": TENSORS}, tmp_path / "x", zipped=True)
    with pytest.raises(CheckpointError, match=r"values that are not tensors: weights") as caught:
        find_state(path, "model")
    assert "\n" not in str(caught.value)
