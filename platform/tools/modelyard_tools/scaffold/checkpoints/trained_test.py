"""Checkpoints in the form in which `torch.save` writes them: an archive with a pickle.

The names of classes and keys are those in a file that Ultralytics 8.4 trained; `.ci/exporters`
reads real ones.
"""

import os
import pickle
import sys
import types
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

from modelyard_tools.scaffold.checkpoints.exporters import RF_DETR, ULTRALYTICS
from modelyard_tools.scaffold.checkpoints.outline import is_torchscript
from modelyard_tools.scaffold.checkpoints.trained import read_checkpoint
from modelyard_tools.scaffold.errors import NetworkError

TASKS, HEAD = "ultralytics.nn.tasks", "ultralytics.nn.modules.head"


@pytest.fixture(autouse=True)
def modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins for the packages whose classes checkpoints name, while they are written."""
    for name, classes in {
        TASKS: ("DetectionModel", "PoseModel"),
        HEAD: ("Detect", "Pose"),
        "torch.nn.modules.container": ("Sequential",),
        "models.yolo": ("DetectionModel",),
        "mine": ("Net",),
    }.items():
        module = types.ModuleType(name)
        for kind in classes:
            setattr(module, kind, type(kind, (), {"__module__": name}))
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            monkeypatch.setitem(sys.modules, ".".join(parts[:end]), types.ModuleType("package"))
        monkeypatch.setitem(sys.modules, name, module)


def made(module: str, name: str, **attributes: Any) -> Any:
    instance = getattr(sys.modules[module], name)()
    instance.__dict__.update(attributes)
    return instance


def network(kind: str, head: str, **attributes: Any) -> Any:
    layers = OrderedDict({"0": made(HEAD, head, _modules=OrderedDict())})
    graph = made("torch.nn.modules.container", "Sequential", _modules=layers)
    return made(TASKS, kind, _modules=OrderedDict(model=graph), **attributes)


def saved(folder: Path, content: Any, name: str = "best.pt") -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("best/data.pkl", pickle.dumps(content, protocol=2))
        archive.writestr("best/version", "3\n")
    return path


def test_a_checkpoint_of_ultralytics_states_task_and_names(tmp_path: Path) -> None:
    model = network("DetectionModel", "Detect", names={0: "cat", 1: "big dog"}, yaml={"nc": 2})
    content = {"model": model, "ema": None, "train_args": {"task": "detect", "imgsz": 320}}
    exporter, file = read_checkpoint(saved(tmp_path, content))
    assert exporter is ULTRALYTICS
    assert file.metadata["task"] == "detect"
    assert file.metadata["head"] == "Detect"
    assert file.metadata["names"] == "{0: 'cat', 1: 'big dog'}"
    # Four sides of a box and two classes.
    assert [port.shape for port in file.outputs] == [(1, 6, -1)]


def test_an_unfinished_training_has_its_network_under_ema(tmp_path: Path) -> None:
    model = network("PoseModel", "Pose", names={0: "person"}, kpt_shape=[5, 2])
    _, file = read_checkpoint(saved(tmp_path, {"model": None, "ema": model}))
    assert file.metadata["task"] == "pose"
    assert file.metadata["kpt_shape"] == "[5, 2]"
    assert [port.shape for port in file.outputs] == [(1, 4 + 1 + 5 * 2, -1)]


def test_rf_detr_states_its_outputs(tmp_path: Path) -> None:
    config = {"num_queries": 100, "num_classes": 2, "resolution": 312, "segmentation_head": True}
    state = OrderedDict({"class_embed.weight": None})
    content = {
        "model": state,
        "model_name": "RFDETRSegNano",
        "model_config": config,
        "args": {"class_names": ["cat", "big dog"]},
    }
    exporter, file = read_checkpoint(saved(tmp_path, content, "checkpoint_best_total.pth"))
    assert exporter is RF_DETR
    assert file.inputs[0].shape == (1, 3, 312, 312)
    assert file.labels == {0: "cat", 1: "big dog"}
    assert {port.name: port.shape for port in file.outputs} == {
        "dets": (1, 100, 4),
        "labels": (1, 100, 3),
        "masks": (1, 100, -1, -1),
    }


class _Hostile:
    def __init__(self, proof: Path) -> None:
        self._proof = proof

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self._proof),)


def test_what_a_checkpoint_pickles_never_runs(tmp_path: Path) -> None:
    proof = tmp_path / "it-ran"
    model = network("DetectionModel", "Detect", names={0: "cat"}, more=_Hostile(proof))
    path = saved(tmp_path, {"model": model})
    with pytest.raises(NetworkError, match=r"best.pt names posix.mkdir, which no network needs"):
        read_checkpoint(path)
    assert not proof.exists()
    # Where nothing prevents it, the same object does something.
    pickle.loads(pickle.dumps(_Hostile(proof)))  # noqa: S301
    assert proof.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda: {"model": made("models.yolo", "DetectionModel")}, r"python export.py --weights"),
        (lambda: made("mine", "Net"), r"pickles a mine.Net, which only its own code can build"),
        (lambda: OrderedDict({"0.weight": None}), r"holds weights without the network"),
        (lambda: {"model": {"class_embed.weight": None}}, r"lacks; RF-DETR 1.8 and newer"),
        (lambda: ["a", "b"], r"holds weights without the network"),
    ],
)
def test_another_checkpoint_is_refused_with_what_to_do(
    tmp_path: Path, content: Any, message: str
) -> None:
    with pytest.raises(NetworkError, match=message):
        read_checkpoint(saved(tmp_path, content()))


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, {"model": None})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("best/data.pkl", b"\x80\x02}q\x00(")
    with pytest.raises(NetworkError, match=r"best.pt is damaged"):
        read_checkpoint(path)
    # The list of members is gone, but not the record that says where it is.
    path.write_bytes(path.read_bytes().replace(b"PK\x01\x02", b"gone"))
    assert not is_torchscript(path)
    with pytest.raises(NetworkError, match=r"best.pt is damaged"):
        read_checkpoint(path)
    path.write_bytes(b"no archive")
    with pytest.raises(NetworkError, match=r"no checkpoint of PyTorch 1.6 or newer"):
        read_checkpoint(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("best/other", b"")
    with pytest.raises(NetworkError, match=r"archive without data.pkl"):
        read_checkpoint(path)


def test_torchscript_is_told_by_its_code(tmp_path: Path) -> None:
    path = saved(tmp_path, {})
    assert not is_torchscript(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("best/code/__torch__.py", "")
    assert is_torchscript(path)
