"""Refused checkpoints."""

import json
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from modelyard.inference.checkpoints import CheckpointError
from modelyard.inference.device import Device
from modelyard.models.detectron2.detector import Detectron2
from modelyard.models.detectron2.testing.checkpoints import (
    Checkpoint,
    random_checkpoint,
    write_assets,
)
from modelyard.serving.author.assets import Assets

CONFIG = "COCO-Detection/retinanet_R_101_FPN_3x"
LABELS = Path("lib/modelyard/annotation/labels/coco_91.json")


class Zoo(Detectron2):
    """A network of the zoo, on small images."""

    config: ClassVar[str] = CONFIG
    shortest: ClassVar[int | None] = 128


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assets]:
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODELYARD_THREADS", "1")
        folder = tmp_path_factory.mktemp("assets") / "function"
        yield write_assets(folder, CONFIG, "zoo.handler", json.loads(LABELS.read_text()))
    torch.set_num_threads(threads)


class Bomb:
    """Creates a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_a_checkpoint_that_holds_code_is_refused_and_does_not_run(
    assets: Assets, tmp_path: Path
) -> None:
    proof = tmp_path / "it ran"
    content = {"model": {"a": Bomb(proof)}, "__author__": "Detectron2 Model Zoo"}
    with pytest.raises(CheckpointError, match=r"names posix.mkdir, which is not allowed"):
        Zoo().load(_with(assets, tmp_path, content), Device())
    assert not proof.exists()


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return random_checkpoint(CONFIG)


def test_old_constants_are_left_out(assets: Assets, checkpoint: Checkpoint, tmp_path: Path) -> None:
    old = {"pixel_mean": np.zeros(3), "anchor_generator.cell_anchors.0": np.zeros((9, 4))}
    Zoo().load(_with(assets, tmp_path, {"model": {**checkpoint, **old}}), Device())


def test_every_tensor_is_used_and_none_may_be_missing(
    assets: Assets, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    changed = {**checkpoint, "head.more.weight": np.zeros(1)}
    del changed["head.cls_score.bias"]
    with pytest.raises(CheckpointError) as caught:
        Zoo().load(_with(assets, tmp_path, {"model": changed}), Device())
    assert "1 missing: head.cls_score.bias" in str(caught.value)
    assert "1 left over: head.more.weight" in str(caught.value)


@pytest.mark.parametrize(("names", "message"), [((), "not none"), (("a", "b"), "not a, b")])
def test_there_is_one_checkpoint(
    assets: Assets, tmp_path: Path, names: tuple[str, ...], message: str
) -> None:
    folder = _with(assets, tmp_path, {}).path
    (folder / "weights" / "model.pkl").unlink()
    for name in names:
        (folder / "weights" / name).touch()
    with pytest.raises(CheckpointError, match=f"must hold one checkpoint, {message}"):
        Zoo().load(Assets.open(folder), Device())


def test_a_class_must_name_its_configuration() -> None:
    with pytest.raises(TypeError, match="class Nameless must name a configuration as `config`"):
        type("Nameless", (Detectron2,), {})


def _with(assets: Assets, folder: Path, content: Any) -> Assets:
    """The same function with another checkpoint."""
    (folder / "model.json").write_bytes((assets.path / "model.json").read_bytes())
    (folder / "weights").mkdir()
    (folder / "weights" / "model.pkl").write_bytes(pickle.dumps(content))
    return Assets.open(folder)
